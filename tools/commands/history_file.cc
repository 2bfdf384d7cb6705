// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFileBytes = 256 << 10;  // 512 lines are less

std::string AbsolutePath(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value == '/' ? value : "";
}

std::string FileIn(const std::string& directory) { return directory + "/plateaus"; }

// A regular file's first bytes; anything else reads as empty.
std::string ReadAtMost(const std::string& path, size_t most) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (fd < 0) return "";
  std::string text;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    text.resize(most);
    size_t held = 0;
    for (ssize_t got; held < most && (got = read(fd, text.data() + held, most - held)) > 0;) held += static_cast<size_t>(got);
    text.resize(held);
  }
  close(fd);
  return text;
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put <= 0) return false;
    text.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

// Beside the file and then in its place.
bool Replace(const std::string& path, const std::string& text) {
  const std::string beside = absl::StrCat(path, ".", getpid());
  unlink(beside.c_str());
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = WriteAll(fd, text);
  const bool closed = close(fd) == 0;
  if (written && closed && rename(beside.c_str(), path.c_str()) == 0) return true;
  unlink(beside.c_str());
  return false;
}

}  // namespace

std::string DefaultHistoryDirectory() {
  if (const std::string state = AbsolutePath("XDG_STATE_HOME"); !state.empty()) return state + "/leaktrack";
  const std::string home = AbsolutePath("HOME");
  return home.empty() ? "" : home + "/.local/state/leaktrack";
}

PlateauBook ReadHistory(const std::string& directory) {
  return directory.empty() ? PlateauBook() : PlateauBook::Parse(ReadAtMost(FileIn(directory), kMostFileBytes));
}

bool AddToHistory(const std::string& directory, const PlateauBook& learned) {
  if (directory.empty()) return false;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return false;
  PlateauBook book = ReadHistory(directory);
  book.Merge(learned);
  return Replace(FileIn(directory), book.Text());
}

}  // namespace leaktrack
