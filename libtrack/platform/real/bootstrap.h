// SPDX-License-Identifier: Apache-2.0
//
// Memory for allocations that come while the real allocator is being looked up: from dlsym's own
// error path, or from another preloaded library's constructor (pitfalls B1 to B4).
//
// A static arena, then chunks mapped from the kernel. They are never given back, and last until the
// kernel refuses. A block from here may reach free, realloc and malloc_usable_size at any later
// time and is recognised by its address.
//
// Thread-safety: yes, lock-free.
// Allocates: from the kernel only.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_BOOTSTRAP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_BOOTSTRAP_H_

#include <cstddef>

namespace leaktrack::track {

// Zeroed memory, aligned to `alignment` (a power of two; at least 16 is used). nullptr: the kernel
// refuses.
void* BootstrapAllocate(size_t size, size_t alignment);

// True if the arena has ever been used. Then free, realloc and malloc_usable_size must ask for
// every block.
bool BootstrapWasUsed();

// True if `block` comes from here.
bool IsBootstrapBlock(const void* block);

// The usable size of a bootstrap block.
size_t BootstrapSize(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_BOOTSTRAP_H_
