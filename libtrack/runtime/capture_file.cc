// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/capture_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

bool LookAt(int fd, struct stat& info) { return raw::Call(SYS_fstat, fd, raw::Ptr(&info)) == 0; }

}  // namespace

void CaptureFile::Identify() {
  if (inode_ != 0) {
    if (!IsSame()) fd_ = -1;
    return;
  }
  struct stat info {};
  if (!LookAt(fd_, info)) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

bool CaptureFile::IsSame() const {
  struct stat info {};
  return LookAt(fd_, info) && info.st_dev == device_ && info.st_ino == inode_;
}

bool CaptureFile::HasName(const char* path) const {
  struct stat info {};
  struct stat named {};
  if (!LookAt(fd_, info)) return false;
  return info.st_nlink > 0 || (raw::Call(SYS_newfstatat, AT_FDCWD, raw::Ptr(path), raw::Ptr(&named),
                                         AT_SYMLINK_NOFOLLOW) == 0 &&
                               named.st_dev == info.st_dev && named.st_ino == info.st_ino);
}

bool CaptureFile::Write(const void* data, size_t bytes, uint64_t offset) const {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const long written = raw::Pwrite(fd_, from, bytes, offset);
    if (written == -4 /* EINTR */) continue;
    if (written <= 0) return false;
    from += written;
    bytes -= static_cast<size_t>(written);
    offset += static_cast<uint64_t>(written);
  }
  return true;
}

void CaptureFile::Forget() {
  fd_ = -1;
  device_ = 0;
  inode_ = 0;
}

}  // namespace leaktrack::track
