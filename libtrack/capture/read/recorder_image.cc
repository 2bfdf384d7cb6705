// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/recorder_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "libtrack/capture/read/regular_file.h"

namespace leaktrack::capture {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 40;

// Copies the pages that exist in [0, size).
bool CopyData(int fd, uint64_t size, char* to) {
  for (uint64_t at = 0; at < size;) {
    const off_t data = lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0) return errno == ENXIO;  // only holes from here on
    off_t hole = lseek(fd, data, SEEK_HOLE);
    if (hole < 0) return false;
    const uint64_t end = std::min(static_cast<uint64_t>(hole), size);
    for (at = static_cast<uint64_t>(data); at < end;) {
      const ssize_t got = pread(fd, to + at, end - at, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return got == 0;  // the file shrank: the rest stays zero
      at += static_cast<uint64_t>(got);
    }
  }
  return true;
}

}  // namespace

RecorderFileId IdOf(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return {};
  return {.device = status.st_dev, .inode = status.st_ino, .owner = status.st_uid};
}

RecorderImage::~RecorderImage() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

bool RecorderImage::Reserve(uint64_t size, std::string* why) {
  if (size < sizeof(RecorderHeader) || size > kMostBytes) {
    *why = "not a flight recorder: its size is " + std::to_string(size) + " bytes";
    return false;
  }
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    *why = "no address space for a copy of " + std::to_string(size) + " bytes";
    return false;
  }
  if (memory_ != nullptr) munmap(memory_, bytes_);
  memory_ = memory;
  bytes_ = size;
  return true;
}

bool RecorderImage::Check(std::string* why) {
  auto* header = static_cast<RecorderHeader*>(memory_);
  if (view_.Open(header, bytes_)) return true;
  *why = header->magic != kRecorderMagic
             ? "not a flight recorder"
             : "flight recorder of version " + std::to_string(header->version) +
                   "; this program reads version " + std::to_string(kRecorderVersion);
  return false;
}

bool RecorderImage::Load(const std::string& path, std::string* why) {
  const int fd = OpenRegular(path, O_RDONLY | O_NOFOLLOW, why);
  if (fd < 0) {
    *why = path + ": " + *why;
    return false;
  }
  struct stat status;
  bool ok = fstat(fd, &status) == 0;
  if (!ok) *why = strerror(errno);
  ok = ok && Reserve(static_cast<uint64_t>(status.st_size), why);
  if (ok && !CopyData(fd, bytes_, static_cast<char*>(memory_))) {
    *why = strerror(errno);
    ok = false;
  }
  file_ = IdOf(fd);
  close(fd);
  ok = ok && Check(why);
  if (!ok) *why = path + ": " + *why;
  return ok;
}

bool RecorderImage::LoadBytes(const void* bytes, size_t size, std::string* why) {
  if (!Reserve(size, why)) return false;
  memcpy(memory_, bytes, size);
  return Check(why);
}

}  // namespace leaktrack::capture
