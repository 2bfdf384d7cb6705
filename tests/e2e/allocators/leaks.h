// SPDX-License-Identifier: Apache-2.0
//
// One function for each entry point of the C and C++ families. Each leaks one block of a distinct
// size. conformance.cc, which is separate, says what a report must show of them.
#ifndef LEAKTRACK_TESTS_E2E_ALLOCATORS_LEAKS_H_
#define LEAKTRACK_TESTS_E2E_ALLOCATORS_LEAKS_H_

#include <malloc.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "every_delete.h"
#include "program.h"

// Checks that a block has its alignment and its usable size, and that it can be written.
inline void Use(void* block, size_t alignment, size_t size) {
  REQUIRE(block != nullptr && reinterpret_cast<uintptr_t>(block) % alignment == 0);
  REQUIRE(malloc_usable_size(block) >= size);
  std::memset(Escape(block), 0x5a, size);
}

inline void* PosixMemalign(size_t alignment, size_t size) {
  void* block = nullptr;
  REQUIRE(posix_memalign(&block, alignment, size) == 0);
  return block;
}

NOINLINE inline void LeakMalloc() { Use(malloc(1009), 16, 1009); }
NOINLINE inline void LeakCalloc() { Use(calloc(9, 113), 16, 1017); }
NOINLINE inline void LeakRealloc() { Use(realloc(Escape(malloc(64)), 5011), 16, 5011); }
NOINLINE inline void LeakReallocarray() { Use(reallocarray(nullptr, 7, 148), 16, 1036); }
NOINLINE inline void LeakPosixMemalign() { Use(PosixMemalign(128, 1021), 128, 1021); }
NOINLINE inline void LeakAlignedAlloc() { Use(aligned_alloc(8192, 8192), 8192, 8192); }
NOINLINE inline void LeakMemalign() { Use(memalign(512, 1031), 512, 1031); }
NOINLINE inline void LeakValloc() { Use(valloc(1033), 4096, 1033); }
// If the allocator has no pvalloc, the block is libc's, which no other function knows.
NOINLINE inline void LeakPvalloc() { std::memset(Escape(pvalloc(8192)), 0x5a, 8192); }
NOINLINE inline void LeakStrdup() { Use(strdup("twenty-six characters long"), 16, 27); }

NOINLINE inline void LeakNew() { Use(::operator new(1101), 16, 1101); }
NOINLINE inline void LeakNewArray() { Use(::operator new[](1102), 16, 1102); }
NOINLINE inline void LeakNewNothrow() { Use(::operator new(1103, std::nothrow), 16, 1103); }
NOINLINE inline void LeakNewArrayNothrow() { Use(::operator new[](1104, std::nothrow), 16, 1104); }
NOINLINE inline void LeakNewAligned() { Use(::operator new(1152, kAlign), 64, 1152); }
NOINLINE inline void LeakNewArrayAligned() { Use(::operator new[](1216, kAlign), 64, 1216); }
NOINLINE inline void LeakNewAlignedNothrow() {
  Use(::operator new(1280, kAlign, std::nothrow), 64, 1280);
}
NOINLINE inline void LeakNewArrayAlignedNothrow() {
  Use(::operator new[](1344, kAlign, std::nothrow), 64, 1344);
}

inline void LeakOneOfEach() {
  LeakMalloc();
  LeakCalloc();
  LeakRealloc();
  LeakReallocarray();
  LeakPosixMemalign();
  LeakAlignedAlloc();
  LeakMemalign();
  LeakValloc();
  LeakPvalloc();
  LeakStrdup();
  LeakNew();
  LeakNewArray();
  LeakNewNothrow();
  LeakNewArrayNothrow();
  LeakNewAligned();
  LeakNewArrayAligned();
  LeakNewAlignedNothrow();
  LeakNewArrayAlignedNothrow();
}

#endif  // LEAKTRACK_TESTS_E2E_ALLOCATORS_LEAKS_H_
