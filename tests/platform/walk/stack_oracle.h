// SPDX-License-Identifier: Apache-2.0
//
// Compares a Walk() with the real libunwind, frame by frame, on the stack of the caller.
//
// Every check walks twice, with the thread's memo and with an empty one. It fails the running test
// if one differs from the other or from libunwind.
#ifndef LEAKTRACK_TESTS_PLATFORM_WALK_STACK_ORACLE_H_
#define LEAKTRACK_TESTS_PLATFORM_WALK_STACK_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "libtrack/platform/walk/unwinder.h"

namespace leaktrack::track {

// Binds the module map to memory of the test. Idempotent.
void BindTestModules();

// The absolute address of a frame.
uintptr_t AbsoluteAddress(capture::Frame frame);

struct StackCheck {
  size_t frame_count = 0;
  bool truncated = false;
  bool equal = false;  // to libunwind; for a truncated walk, as far as it goes
};

// The innermost function of a shape calls these.
StackCheck CheckStack();
StackCheck CheckStackQuietly();  // no gtest call: for signal handlers; look at `equal`

// Walks the caller's stack with the given memo. Returns absolute addresses.
std::vector<uintptr_t> WalkHere(UnwindMemo& memo, bool* truncated = nullptr);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_TESTS_PLATFORM_WALK_STACK_ORACLE_H_
