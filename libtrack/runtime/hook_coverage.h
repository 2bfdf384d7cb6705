// SPDX-License-Identifier: Apache-2.0
//
// Finds out which of our hooks are really called instead of the functions that they wrap.
//
// A hook is active if the program's own look-up of the name ends at our hook and there is a
// function behind it. It is bypassed if the look-up ends elsewhere (an allocator linked into the
// program, or preloaded before us). It is absent if nobody else has the function. The heap is
// hooked as a whole or not at all. If an allocator before us lacked one name of the family, we
// would see births without deaths, or blocks of two allocators (pitfall S16).
//
// Thread-safety: none (start-up).
// Allocates: dlsym may.
// Signals: unsafe.
// Fork: results are copied with the image.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_HOOK_COVERAGE_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_HOOK_COVERAGE_H_

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

// Looks the names up, once, from the library's constructor. Not in a forked child: it starts its
// run inside malloc, where another thread may hold the loader's lock and wait for us.
void FindHooks();

// True if the program's malloc never reaches us. Then no heap block is recorded.
extern bool g_heap_is_bypassed __attribute__((visibility("hidden")));
inline bool HeapIsBypassed() { return g_heap_is_bypassed; }

// Writes the results of FindHooks into the header.
void DescribeHooks(capture::RecorderHeader& header);

// Names an owner of malloc in this process that leaves us nothing to see, as in "this program ...
// AddressSanitizer"; or nullptr. Tools of valgrind that leave malloc alone (callgrind) do not
// count.
const char* FindOwnerOfMalloc();

// True if another copy of this library comes before us in the program's search order. That copy
// tracks, and we stay inert.
bool IsSecondCopy();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_HOOK_COVERAGE_H_
