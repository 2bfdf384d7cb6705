// SPDX-License-Identifier: Apache-2.0
//
// The capture file as the drainer holds it: a descriptor, and which file it must be.
//
// Why: a program that shares its descriptor table with us may close our file and open its own under
// the same number.
//
// Thread-safety: none; the drainer's, or its starter's while there is none.
// Allocates: never.
// Signals: safe.
// Fork: the child calls Forget().
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_CAPTURE_FILE_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_CAPTURE_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

// Zeroed memory is an object that knows no file.
class CaptureFile {
 public:
  int fd() const { return fd_; }

  // Holds this descriptor from now on. -1: none.
  void Hold(int fd) { fd_ = fd; }

  // Remembers which file the descriptor is. A file that was opened again by its name must still be
  // the same file; otherwise none is held.
  void Identify();

  // True if the descriptor is the file that was identified.
  bool IsSame() const;

  // Data in a file that somebody has removed is gone once the file is closed. Some file systems
  // (FUSE) count no links; there `path` is looked up.
  bool HasName(const char* path) const;

  // Does not ask whether it is the same file.
  bool Write(const void* data, size_t bytes, uint64_t offset) const;

  void Forget();

 private:
  int fd_;
  dev_t device_;
  ino_t inode_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_CAPTURE_FILE_H_
