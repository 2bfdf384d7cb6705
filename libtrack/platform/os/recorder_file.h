// SPDX-License-Identifier: Apache-2.0
//
// The memory of the flight recorder: a tmpfs file that outlives the process, or, where none can be
// had, anonymous memory that does not.
//
// Promises: no page is ever touched before it is known to be backed: the file starts sparse, and
// CommitRange() makes a range real, so that a full tmpfs is a refusal and not a SIGBUS (pitfall P6,
// X1). At most one eighth of what the tmpfs has free is taken. The file is 0600, created with
// O_EXCL | O_NOFOLLOW. Only its first bytes are mapped: the rest costs no address space until it is
// mapped, piece by piece (sparse_memory.h). Where the kernel grants no such place, all is mapped at
// once.
//
// Thread-safety: Commit from any thread.   Allocates: never.   Signals: safe.   Fork: the child
// must create its own.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_RECORDER_FILE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_RECORDER_FILE_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

struct RecorderFile {
  char* base = nullptr;
  uint64_t bytes = 0;
  bool shared = false;        // false: anonymous memory
  bool sparse = false;        // only pieces are mapped
  int fd = -1;                // open until the drainer has its own copy; -1 for anonymous memory
  uint64_t budget_bytes = 0;  // pages that may be committed in all
};

// Creates `bytes` at `path` and maps the first `first_bytes` (whole pages); falls back to anonymous
// memory when the file cannot be made. base is nullptr only when no memory at all is to be had.
RecorderFile CreateRecorderFile(const char* path, uint64_t bytes, uint64_t first_bytes);

// Maps [from, to), where nothing is mapped yet. By whoever has the file's descriptor.
[[nodiscard]] bool MapRange(const RecorderFile& file, uint64_t from, uint64_t to);

// Maps [from, to) behind what is mapped up to `from`.
[[nodiscard]] bool ExtendRange(const RecorderFile& file, uint64_t from, uint64_t to);

// May this process write a file of `bytes`? Beyond RLIMIT_FSIZE a write would raise SIGXFSZ in the
// program (pitfall X9).
bool FileSizeAllowed(uint64_t bytes);

// Makes [from, to), which is mapped, safe to touch. Page-aligned bounds. False when there is no
// room (or, on kernels before 5.14 without a descriptor, no way to ask).
bool CommitRange(const RecorderFile& file, uint64_t from, uint64_t to);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_RECORDER_FILE_H_
