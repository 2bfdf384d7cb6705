// SPDX-License-Identifier: Apache-2.0
//
// Holds the process at the very end of its exit, until the tool that asked for it has looked at its
// memory (capture/hold_request.h). Only `leaktrack gate --at-exit` asks, by LEAKTRACK_HOLD.
//
// The hold is the first exit handler of all, so it is called last: after the handlers of the
// program, and after the destructors of all libraries. The library registers it in its constructor,
// which the loader calls before the C library registers its own. It ends the run, too: what the
// destructors of other libraries free is still recorded.
// Also here: what a program says to LeakSanitizer by its interface, for the same look.
//
// Promises: no hold is longer than kLongestHoldNs, whatever becomes of the tool. A process that is
// not tracked, is under a filter, or runs in another's memory is not held.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: all are blocked during a hold.
// errno: untouched.
// Fork: a child inherits the handler, and is held if it has a run of its own.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_EXIT_HOLDER_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_EXIT_HOLDER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libtrack/capture/hold_request.h"

namespace leaktrack::track {

// Called once, from the constructor. `address`: the abstract name of the tool's socket; empty:
// nobody asked for a hold.
void PrepareHold(std::string_view address);

// True if the run ends with the hold, and not before.
bool EndsWithHold();

// What a thread that asks for a look has in use.
struct HeldStack {
  uint64_t start;  // from here up
  uint64_t registers[capture::kSavedRegisters];
};

// Waits until the tool has looked. True: it has found lost blocks.
bool HoldForLook(capture::HoldMoment moment, const HeldStack& stack);

// Memory outside the heap that the program registers as holding blocks.
void RegisterRootRegion(const void* start, size_t bytes);
void UnregisterRootRegion(const void* start, size_t bytes);

// The program excuses blocks: those that this thread allocates until the last EndExcuse, or one.
void BeginExcuse();
void EndExcuse();
void NoteExcuse();

}  // namespace leaktrack::track

// The look as of the caller's frame.
#define LEAKTRACK_HELD_STACK(held)                                       \
  leaktrack::track::HeldStack held;                                      \
  __asm__ volatile(                                                      \
      "movq %%rbx, 0(%0)\n\tmovq %%rbp, 8(%0)\n\tmovq %%r12, 16(%0)\n\t" \
      "movq %%r13, 24(%0)\n\tmovq %%r14, 32(%0)\n\tmovq %%r15, 40(%0)"   \
      :                                                                  \
      : "r"(held.registers)                                              \
      : "memory");                                                       \
  (held).start = reinterpret_cast<uint64_t>(__builtin_dwarf_cfa())

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_EXIT_HOLDER_H_
