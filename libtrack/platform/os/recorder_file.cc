// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/recorder_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>

#include <atomic>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/sparse_memory.h"

namespace leaktrack::track {

constinit std::atomic<uint32_t> raw::forbidden{0};
constinit __thread uint32_t raw::tenancy = raw::kOwner;

namespace {

constexpr int kMadvPopulateWrite = 23;  // Linux 5.14

uint64_t EighthOfFreeSpace(int fd) {
  struct statfs info {};
  if (raw::Call(SYS_fstatfs, fd, raw::Ptr(&info)) < 0) return 0;
  return static_cast<uint64_t>(info.f_bavail) * static_cast<uint64_t>(info.f_bsize) / 8;
}

// Maps everything if no place far from other mappings is granted.
bool Map(RecorderFile& file, uint64_t bytes, uint64_t first_bytes) {
  file.base = PlaceSparse(bytes, first_bytes, {file.fd, 0});
  file.sparse = file.base != nullptr;
  if (!file.sparse) {
    const int flags = file.fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* const base = raw::Mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, file.fd, 0);
    if (raw::MmapFailed(base)) return false;
    file.base = static_cast<char*>(base);
  }
  file.bytes = bytes;
  file.shared = file.fd >= 0;
  return true;
}

RecorderFile MapAnonymous(uint64_t bytes, uint64_t first_bytes) {
  RecorderFile file;
  file.budget_bytes = bytes;
  (void)Map(file, bytes, first_bytes);
  return file;
}

}  // namespace

bool FileSizeAllowed(uint64_t bytes) {
  rlimit limit{};
  if (raw::Call(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, raw::Ptr(&limit)) < 0) return true;
  return limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= bytes;
}

RecorderFile CreateRecorderFile(const char* path, uint64_t bytes, uint64_t first_bytes) {
  if (!FileSizeAllowed(bytes)) return MapAnonymous(bytes, first_bytes);
  const int fd =
      raw::OpenAt(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return MapAnonymous(bytes, first_bytes);
  RecorderFile file;
  file.fd = fd;
  file.budget_bytes = EighthOfFreeSpace(fd);
  if (raw::Call(SYS_ftruncate, fd, static_cast<long>(bytes)) == 0 && Map(file, bytes, first_bytes))
    return file;
  raw::Close(fd);
  raw::Call(SYS_unlinkat, AT_FDCWD, raw::Ptr(path), 0);
  return MapAnonymous(bytes, first_bytes);
}

bool MapRange(const RecorderFile& file, uint64_t from, uint64_t to) {
  if (from >= to || to > file.bytes) return false;
  return !file.sparse || MapPiece(file.base + from, to - from, {file.fd, from});
}

bool ExtendRange(const RecorderFile& file, uint64_t from, uint64_t to) {
  if (from >= to || to > file.bytes) return false;
  return !file.sparse || (!raw::Forbidden() && ExtendPiece(file.base + from, to - from));
}

bool CommitRange(const RecorderFile& file, uint64_t from, uint64_t to) {
  LEAKTRACK_DCHECK(from % kPageBytes == 0 && to % kPageBytes == 0);
  if (to > file.bytes) return false;
  if (!file.shared || from >= to) return true;  // anonymous memory needs no commit
  if (raw::Forbidden()) return false;
  const long length = static_cast<long>(to - from);
  if (file.fd >= 0 && raw::Call(SYS_fallocate, file.fd, 0, static_cast<long>(from), length) == 0)
    return true;
  return raw::Call(SYS_madvise, raw::Ptr(file.base + from), length, kMadvPopulateWrite) == 0;
}

}  // namespace leaktrack::track
