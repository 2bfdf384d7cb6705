// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/side_call.h"

#include <sched.h>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/sparse_memory.h"

namespace leaktrack::track {
namespace {

constexpr long kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                        CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

// The new thread finds function and argument on its stack, makes the call, and exits. Only the old
// thread returns from here.
long Clone(void** stack, std::atomic<uint32_t>* tid) {
  long result;
  register std::atomic<uint32_t>* child_tid __asm__("r10") = tid;
  register long tls __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "popq %%rax\n\t"
      "popq %%rdi\n\t"
      "callq *%%rax\n\t"
      "movl %[exit], %%eax\n\t"
      "xorl %%edi, %%edi\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(kFlags), "S"(stack), "d"(tid), "r"(child_tid),
        "r"(tls), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory", "cc");
  return result;
}

}  // namespace

bool SideCall::Start(void (*function)(void*), void* argument) {
  LEAKTRACK_DCHECK(function != nullptr);
  if (!Gone()) return false;
  if (stack_ == nullptr) {
    void* const memory = MapPrivate(kStackBytes);
    if (memory == nullptr) return false;
    stack_ = static_cast<char*>(memory);
  }
  auto** top = reinterpret_cast<void**>(stack_ + kStackBytes) - 2;
  top[0] = reinterpret_cast<void*>(function);
  top[1] = argument;
  return !raw::Failed(Clone(top, &tid_));
}

void SideCall::Forget() {
  if (stack_ != nullptr) raw::Munmap(stack_, kStackBytes);
  stack_ = nullptr;
  tid_.store(0, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
