// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/tree_counts.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/commands/run_end_words.h"

namespace leaktrack {
namespace {

constexpr std::string_view kPrefix = capture::kTreeCountPrefix;
constexpr int kMostNames = 10'000;  // anybody may fill that directory

std::string PathOf(capture::TreeCount count) {
  return absl::StrCat(capture::kTreeCountPrefix, getpid(), ".", geteuid(), ".", NameOf(count));
}

// The number after the prefix, if it is that of a process that is gone; else 0.
int GoneRun(std::string_view name) {
  const std::string_view start = kPrefix.substr(kPrefix.rfind('/') + 1);
  if (!name.starts_with(start)) return 0;
  const int pid = atoi(std::string(name.substr(start.size())).c_str());
  return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH ? pid : 0;
}

// The kernel lets only the owner remove a file there.
void RemoveLeftOvers() {
  const std::string directory(kPrefix.substr(0, kPrefix.rfind('/')));
  DIR* const names = opendir(directory.c_str());
  if (names == nullptr) return;
  const std::string mine = absl::StrCat(".", geteuid(), ".");
  for (int i = 0; i < kMostNames; ++i) {
    const dirent* const entry = readdir(names);
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (GoneRun(name) != 0 && name.find(mine) != std::string_view::npos)
      unlinkat(dirfd(names), entry->d_name, 0);
  }
  closedir(names);
}

}  // namespace

TreeCounts::TreeCounts() {
  RemoveLeftOvers();
  for (const capture::TreeCount count : capture::kTreeCounts) {
    const int fd =
        open(PathOf(count).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    created_ = created_ && fd >= 0;
    if (fd >= 0) close(fd);
  }
}

TreeCounts::~TreeCounts() {
  for (const capture::TreeCount count : capture::kTreeCounts) unlink(PathOf(count).c_str());
}

uint64_t TreeCounts::Read(capture::TreeCount count) const {
  struct stat info {};
  const bool known = created_ && lstat(PathOf(count).c_str(), &info) == 0 &&
                     S_ISREG(info.st_mode) && info.st_uid == geteuid();
  return known ? static_cast<uint64_t>(info.st_size) : 0;
}

std::string TreeCounts::RunNumber() { return absl::StrFormat("%010d", getpid()); }

void TellOfTree(const TreeCounts& counts) {
  const uint64_t unborn = counts.Read(capture::TreeCount::kUnborn);
  const uint64_t refused = counts.Read(capture::TreeCount::kRefused);
  if (unborn != 0) {
    Say(absl::StrCat(unborn, unborn == 1 ? " process" : " processes",
                     " of its tree ended too young and too small to be captured"));
  }
  if (refused != 0) {
    Say(absl::StrCat(refused, refused == 1 ? " process was" : " processes were",
                     " not captured, because the tree had ", capture::kMostBirths,
                     " captures already; choose with --children"));
  }
}

}  // namespace leaktrack
