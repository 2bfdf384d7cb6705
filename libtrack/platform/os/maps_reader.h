// SPDX-License-Identifier: Apache-2.0
//
// Reads /proc/self/maps line by line, with raw system calls and the caller's buffer.
//
// Promises: no allocation and no libc. A line that is longer than the buffer is skipped, not
// misread. The kernel returns whole lines per read. So if the table changes meanwhile, lines are
// old or new, never torn.
//
// Thread-safety: none; one reader per buffer.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_MAPS_READER_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_MAPS_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace leaktrack::track {

struct MapsLine {
  uintptr_t start;
  uintptr_t end;
  bool readable;
  bool writable;
  bool executable;
  uint64_t offset;
  uint64_t device;  // major << 32 | minor
  uint64_t inode;
  std::string_view path;  // in the buffer, valid until the next line
};

// False if the line is not one of /proc/<pid>/maps.
bool ParseMapsLine(std::string_view text, MapsLine& line);

class MapsReader {
 public:
  explicit MapsReader(std::span<char> buffer);  // reads /proc/self/maps
  MapsReader(std::span<char> buffer, int fd);   // reads a similar file, and closes it at the end
  ~MapsReader();
  MapsReader(const MapsReader&) = delete;
  MapsReader& operator=(const MapsReader&) = delete;

  bool ok() const { return fd_ >= 0 && !failed_; }  // also false if a read failed before the end
  bool Next(MapsLine& line);

 private:
  bool Refill();

  std::span<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  int fd_;
  bool failed_ = false;
  bool skipping_ = false;  // inside a line that does not fit
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_MAPS_READER_H_
