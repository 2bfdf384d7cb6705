// SPDX-License-Identifier: Apache-2.0
//
// Address space that nobody pays for: tables that may grow without a reserve.
//
// What: a table that may become gigabytes gets addresses far from where the kernel puts mappings,
// and only what is used of it is mapped; it grows in place. Why no reserve: every mapping, of
// whatever protection, counts against RLIMIT_AS and against what an unprivileged mlockall may lock;
// and a mapping that may be written to is made resident by MCL_FUTURE. The limits are the
// program's, and it may set them at any time.
//
// Promises: a mapping of somebody else is never replaced, nor taken for ours; new pages are neither
// locked nor resident, whatever the program has asked of its own; growing needs no descriptor. What
// is refused is reported, and nothing has changed. Limits: who asks for addresses between kLowest
// and kHighest by himself may be in the way. The table grows no more then.
//
// Thread-safety: yes, also several that grow one piece at once.   Allocates: never.   Signals:
// safe. Fork: pieces are inherited as mappings are.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_SPARSE_MEMORY_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_SPARSE_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

inline constexpr uint64_t kPageBytes = 4096;

// Above the hints of runtimes that choose their own addresses, below where position-independent
// programs are loaded.
inline constexpr uintptr_t kLowest = 0x4000'0000'0000;
inline constexpr uintptr_t kHighest = 0x5400'0000'0000;

// What stands behind a piece.
struct Backing {
  int fd = -1;          // a file, mapped shared; -1: private memory
  uint64_t offset = 0;  // of the piece in the file
};

// Chooses addresses for `bytes` in all and maps the first `first_bytes` of them. Null: none are to
// be had.
char* PlaceSparse(uint64_t bytes, uint64_t first_bytes, const Backing& backing);

// Maps a new piece where nothing is yet.
[[nodiscard]] bool MapPiece(char* at, uint64_t bytes, const Backing& backing);

// Whether the address lies in a place that was chosen here, lately: that of the image or of the
// drainer's memory.
bool IsSparse(uintptr_t address);

// Makes the piece that ends at `end` longer by `bytes`. True also if another thread did so at the
// same moment.
[[nodiscard]] bool ExtendPiece(char* end, uint64_t bytes);

// Private memory where the kernel likes, neither locked nor resident. Null: refused.
void* MapPrivate(uint64_t bytes);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_SPARSE_MEMORY_H_
