// SPDX-License-Identifier: Apache-2.0
//
// Address space that costs nothing: tables that grow in place without a reserve.
//
// A table that may become gigabytes gets addresses far from where the kernel puts mappings. Only
// the used part is mapped.
// Why no reserve: every mapping, whatever its protection, counts against RLIMIT_AS and against what
// an unprivileged mlockall may lock. And MCL_FUTURE makes a writable mapping resident. These limits
// are the program's, and it may set them at any time.
//
// Promises: a foreign mapping is never replaced, nor taken for ours. New pages are neither locked
// nor resident, whatever the program has asked for its own. Growing needs no descriptor. A refusal
// is reported, and nothing has changed.
// Limit: a program that itself asks for addresses between kLowest and kHighest may be in the way.
// Then the table does not grow any more.
//
// Thread-safety: yes, also if several threads grow one piece at once.
// Allocates: never.
// Signals: safe.
// Fork: pieces are inherited as mappings are.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_SPARSE_MEMORY_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_SPARSE_MEMORY_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/own_addresses.h"

namespace leaktrack::track {

inline constexpr uint64_t kPageBytes = 4096;

inline constexpr uintptr_t kLowest = capture::kLowestOwnAddress;
inline constexpr uintptr_t kHighest = capture::kHighestOwnAddress;

// The memory behind a piece.
struct Backing {
  int fd = -1;          // a file, mapped shared; -1: private memory
  uint64_t offset = 0;  // of the piece in the file
};

// Chooses addresses for `bytes` in total and maps the first `first_bytes`. Null: there are none.
char* PlaceSparse(uint64_t bytes, uint64_t first_bytes, const Backing& backing);

// Maps a new piece where nothing is mapped yet.
[[nodiscard]] bool MapPiece(char* at, uint64_t bytes, const Backing& backing);

// True if the address lies in a range that was recently chosen here: the image's or the drainer's
// memory.
bool IsSparse(uintptr_t address);

// Extends the piece that ends at `end` by `bytes`. Also true if another thread did so at the same
// moment.
[[nodiscard]] bool ExtendPiece(char* end, uint64_t bytes);

// Private memory, neither locked nor resident. It lies in the same range, or where the kernel
// chooses if none is free there. Null: refused.
void* MapPrivate(uint64_t bytes);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_SPARSE_MEMORY_H_
