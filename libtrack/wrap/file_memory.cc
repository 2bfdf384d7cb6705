// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/file_memory.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {

bool IsFileInMemory(int fd) {
  if (fd < 0 || raw::Forbidden()) return false;
  struct stat file;
  if (raw::Call(SYS_fstat, fd, raw::Ptr(&file)) != 0) return false;
  if (S_ISCHR(file.st_mode)) {  // /dev/zero
    return major(file.st_rdev) == 1 && minor(file.st_rdev) == 5;
  }
  // A file on a disk costs no second call.
  if (!S_ISREG(file.st_mode) || major(file.st_dev) != 0) return false;
  struct statfs system;
  if (raw::Call(SYS_fstatfs, fd, raw::Ptr(&system)) != 0) return false;
  const auto kind = static_cast<unsigned long>(system.f_type);
  return kind == TMPFS_MAGIC || kind == HUGETLBFS_MAGIC || kind == RAMFS_MAGIC;
}

}  // namespace leaktrack::track
