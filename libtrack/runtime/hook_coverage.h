// SPDX-License-Identifier: Apache-2.0
//
// Which of our hooks really stand before the functions they are meant for.
//
// A hook is active if the program's own look-up of the name ends at us and there is something
// behind us; bypassed if it ends elsewhere (an allocator linked into the program, or preloaded
// before us); absent if nobody else has it. The heap is hooked whole or not at all: an allocator
// before us that lacks one name of the family would leave us births without deaths, or blocks of
// two allocators (pitfall S16).
//
// Thread-safety: none (start-up).
// Allocates: dlsym may.
// Signals: unsafe.
// Fork: results are copied with the image.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_HOOK_COVERAGE_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_HOOK_COVERAGE_H_

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

// Looks the names up, once, from the library's constructor: a forked child starts its run inside
// malloc, where another thread may hold the loader's lock and wait for us.
void FindHooks();

// Does the program's malloc never come to us? Then no block of the heap is recorded.
extern bool g_heap_is_bypassed __attribute__((visibility("hidden")));
inline bool HeapIsBypassed() { return g_heap_is_bypassed; }

// Writes down what FindHooks found.
void DescribeHooks(capture::RecorderHeader& header);

// Who owns malloc in this process in a way that leaves us nothing to see, as in "this program ...
// AddressSanitizer"; or nullptr. Tools of valgrind that leave malloc alone (callgrind) do not
// count.
const char* FindOwnerOfMalloc();

// Is another copy of this library before us in the program's search order? Then that one tracks and
// we stay inert.
bool IsSecondCopy();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_HOOK_COVERAGE_H_
