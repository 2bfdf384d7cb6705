// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/regular_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace leaktrack::capture {
namespace {

constexpr size_t kAtOnce = 1 << 18;

bool IsRegular(const struct stat& info, std::string* why) {
  if (S_ISREG(info.st_mode)) return true;
  *why = std::string("is ") + KindOfFile(info.st_mode) + ", not a file";
  return false;
}

}  // namespace

const char* KindOfFile(mode_t mode) {
  if (S_ISREG(mode)) return "a file";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISLNK(mode) ? "a symbolic link" : "a device";
}

int OpenRegular(const std::string& path, int flags, std::string* why) {
  struct stat info {};
  const auto look = (flags & O_NOFOLLOW) != 0 ? lstat : stat;
  if (look(path.c_str(), &info) != 0) {
    *why = strerror(errno);
    return -1;
  }
  if (!IsRegular(info, why)) return -1;
  const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    *why = errno == EWOULDBLOCK ? "another program has taken a lease on it" : strerror(errno);
    return -1;
  }
  // Check again: the file may have been exchanged in between.
  if (fstat(fd, &info) == 0 && IsRegular(info, why)) return fd;
  close(fd);
  return -1;
}

bool ReadRegular(const std::string& path, uint64_t most, std::vector<uint8_t>* bytes,
                 std::string* why, int flags) {
  const int fd = OpenRegular(path, flags, why);
  bytes->clear();
  if (fd < 0) return false;
  ssize_t got = 1;
  while (got > 0 && bytes->size() < most) {
    const size_t done = bytes->size();
    bytes->resize(done + std::min<uint64_t>(kAtOnce, most - done));
    do {
      got = read(fd, bytes->data() + done, bytes->size() - done);
    } while (got < 0 && errno == EINTR);
    if (got < 0) *why = strerror(errno);
    bytes->resize(done + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }
  close(fd);
  return got >= 0;
}

}  // namespace leaktrack::capture
