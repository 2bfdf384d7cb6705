// SPDX-License-Identifier: Apache-2.0
//
// The memory of the flight recorder: a tmpfs file that outlives the process, or, if there is none,
// anonymous memory that does not.
//
// Promises: no page is touched before it is known to be backed. The file starts sparse, and
// CommitRange() allocates a range. So a full tmpfs means a refusal and not a SIGBUS (pitfalls P6,
// X1). The file takes at most one eighth of the tmpfs's free space. It is 0600, created with O_EXCL
// | O_NOFOLLOW. Only its first bytes are mapped. The rest costs no address space until it is
// mapped, piece by piece (sparse_memory.h). If the kernel grants no place for that, everything is
// mapped at once.
//
// Thread-safety: Commit from any thread.
// Allocates: never.
// Signals: safe.
// Fork: the child must create its own.
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
  int fd = -1;                // open until the drainer has its own copy; -1: anonymous memory
  uint64_t budget_bytes = 0;  // pages that may be committed in total
};

// Creates `bytes` at `path` and maps the first `first_bytes` (whole pages). Uses anonymous memory
// if the file cannot be created. base is nullptr only if there is no memory at all.
RecorderFile CreateRecorderFile(const char* path, uint64_t bytes, uint64_t first_bytes);

// Maps [from, to), where nothing is mapped yet. The caller must have the file's descriptor.
[[nodiscard]] bool MapRange(const RecorderFile& file, uint64_t from, uint64_t to);

// Maps [from, to) directly behind what is mapped up to `from`.
[[nodiscard]] bool ExtendRange(const RecorderFile& file, uint64_t from, uint64_t to);

// True if this process may write a file of `bytes`. A write beyond RLIMIT_FSIZE would raise SIGXFSZ
// in the program (pitfall X9).
bool FileSizeAllowed(uint64_t bytes);

// Makes [from, to), which is mapped, safe to touch. Bounds are page-aligned. False: there is no
// room (or, on kernels before 5.14 without a descriptor, no way to ask).
bool CommitRange(const RecorderFile& file, uint64_t from, uint64_t to);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_RECORDER_FILE_H_
