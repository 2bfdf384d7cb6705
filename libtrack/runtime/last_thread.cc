// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/last_thread.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

// "PID (NAME) STATE ...", where NAME may contain anything; Z is a thread that has ended.
bool MainThreadEnded(uint32_t pid) {
  char path[64], text[256];
  Text(path).Add("/proc/self/task/").AddNumber(pid).Add("/stat");
  const int fd = raw::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long at = raw::Read(fd, text, sizeof text) - 1;
  raw::Close(fd);
  while (at >= 0 && text[at] != ')') --at;
  return at >= 0 && at + 2 < static_cast<long>(sizeof text) && text[at + 2] == 'Z';
}

}  // namespace

bool OnlyHelperLeft(uint32_t pid) {
  struct stat info {};
  return raw::Call(SYS_newfstatat, AT_FDCWD, raw::Ptr("/proc/self/task"), raw::Ptr(&info), 0) ==
             0 &&
         info.st_nlink <= 4 && MainThreadEnded(pid);
}

bool CanCountThreads() {
  struct stat info {};
  return raw::Call(SYS_newfstatat, AT_FDCWD, raw::Ptr("/proc/self/task"), raw::Ptr(&info), 0) == 0;
}

}  // namespace leaktrack::track
