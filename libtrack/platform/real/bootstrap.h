// SPDX-License-Identifier: Apache-2.0
//
// Memory for those who allocate while the real allocator is being looked up: dlsym's own error
// path, another preloaded library's constructor (pitfalls B1 to B4).
//
// A static arena, then chunks mapped from the kernel; never given back, never exhausted short of
// the kernel's refusal. Blocks from here come back to free, realloc and malloc_usable_size at any
// later time and are recognised by address.
//
// Thread-safety: yes, lock-free.   Allocates: from the kernel only.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_BOOTSTRAP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_BOOTSTRAP_H_

#include <cstddef>

namespace leaktrack::track {

// Zeroed memory, aligned to `alignment` (a power of two, at least 16 is used). nullptr if the
// kernel refuses.
void* BootstrapAllocate(size_t size, size_t alignment);

// Has the arena ever been used? Then free, realloc and malloc_usable_size must ask for every block.
bool BootstrapWasUsed();

// Is `block` one of ours?
bool IsBootstrapBlock(const void* block);

// The usable size of such a block.
size_t BootstrapSize(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_BOOTSTRAP_H_
