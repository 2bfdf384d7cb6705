// SPDX-License-Identifier: Apache-2.0
//
// Runs a function on a stack of its own. One case needs this: a forked child starts its run inside
// malloc, maybe on a coroutine's stack of 4 KiB (pitfall E11).
//
// Limits: the function must return; nothing may unwind or jump through it.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: handlers run on the given stack meanwhile.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_STACK_SWITCH_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_STACK_SWITCH_H_

#include <cstdint>

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

// `top`: one past the end of the stack, 16-aligned.
inline void CallOnStack(void* top, void (*function)(void*), void* argument) {
  LEAKTRACK_DCHECK(reinterpret_cast<uintptr_t>(top) % 16 == 0);
  __asm__ volatile(
      "movq %%rsp, %%rbx\n\t"
      "movq %%rax, %%rsp\n\t"
      "callq *%%rcx\n\t"
      "movq %%rbx, %%rsp"
      : "+a"(top), "+c"(function), "+D"(argument)
      :
      : "rbx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2",
        "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
        "xmm14", "xmm15");
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_STACK_SWITCH_H_
