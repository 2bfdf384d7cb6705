// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

constexpr std::string_view kPreload = "LD_PRELOAD=";
constexpr std::string_view kLibrary = "libleaktrack.so";

// Looks for the library in the LD_PRELOAD of an environment that comes in pieces.
class PreloadSearch {
 public:
  bool Found(std::string_view piece) {
    for (const char c : piece) {
      if (c == '\0') {
        at_ = matched_ = 0;
      } else if (at_ == kPreload.size()) {
        if (InValue(c)) return true;
      } else if (at_ != kOtherVariable) {
        at_ = kPreload.data()[at_] == c ? at_ + 1 : kOtherVariable;
      }
    }
    return false;
  }

 private:
  static constexpr size_t kOtherVariable = ~size_t{0};

  // Only the first character of the name repeats nowhere in it, so a mismatch begins anew.
  bool InValue(char c) {
    matched_ = kLibrary.data()[matched_] == c ? matched_ + 1 : kLibrary.data()[0] == c ? 1 : 0;
    return matched_ == kLibrary.size();
  }

  size_t at_ = 0;  // characters of kPreload that were seen at the start of a variable
  size_t matched_ = 0;
};

// False also if the parent's environment cannot be read.
bool ParentIsPreloaded(long parent) {
  char path[40];
  Text(path).Add("/proc/").AddNumber(static_cast<uint64_t>(parent)).Add("/environ");
  const int fd = raw::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char piece[1024];
  PreloadSearch search;
  bool found = false;
  for (int pieces = 0; pieces < 256 && !found; ++pieces) {
    const long got = raw::Read(fd, piece, sizeof piece);
    if (got <= 0) break;
    found = search.Found({piece, static_cast<size_t>(got)});
  }
  raw::Close(fd);
  return found;
}

// Not as one of the first three: the program, and whoever traces it, takes what is written there
// for its output.
int AboveStandardError(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const long higher = raw::Call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  raw::Close(fd);
  return raw::Failed(higher) ? -1 : static_cast<int>(higher);
}

int OpenCount(const Options& options, TreeCount count, int flags) {
  if (options.run_pid == 0) return -1;
  char path[80];
  Text(path)
      .Add(capture::kTreeCountPrefix)
      .AddNumber(options.run_pid)
      .AddChar('.')
      .AddNumber(static_cast<uint64_t>(raw::Call(SYS_geteuid)))
      .AddChar('.')
      .Add(NameOf(count));
  return AboveStandardError(
      raw::OpenAt(AT_FDCWD, path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

// 0 if that is not a file with a size.
uint64_t SizeOf(int fd) {
  struct stat info {};
  const bool known = raw::Call(SYS_fstat, fd, raw::Ptr(&info)) == 0 && S_ISREG(info.st_mode);
  return known ? static_cast<uint64_t>(info.st_size) : 0;
}

}  // namespace

// A process without a parent that it could see is the first one of its pid namespace.
bool IsFirstOfTree(const Options& options) {
  const long parent = raw::Call(SYS_getppid);
  if (parent <= 0) return true;
  if (options.run_pid != 0) return static_cast<uint64_t>(parent) == options.run_pid;
  return !ParentIsPreloaded(parent);
}

uint64_t AddToTree(const Options& options, TreeCount count) {
  const int fd = OpenCount(options, count, O_WRONLY | O_APPEND);
  if (fd < 0) return 0;
  const bool added = raw::Write(fd, "+", 1) == 1;
  const uint64_t now = added ? SizeOf(fd) : 0;
  raw::Close(fd);
  return now;
}

bool ReadTree(const Options& options, TreeCount count, uint64_t* value) {
  const int fd = OpenCount(options, count, O_RDONLY);
  if (fd < 0) return false;
  *value = SizeOf(fd);
  raw::Close(fd);
  return true;
}

bool MayBeBornInTree(const Options& options) {
  if (AddToTree(options, TreeCount::kBorn) <= capture::kMostBirths) return true;
  (void)AddToTree(options, TreeCount::kRefused);
  return false;
}

}  // namespace leaktrack::track
