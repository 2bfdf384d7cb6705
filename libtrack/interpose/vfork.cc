// SPDX-License-Identifier: Apache-2.0
//
// vfork, and clone where it is used like vfork. While the child lives, it runs in this thread's
// memory, and a mark says so (raw::tenancy).
//
// Why assembly for vfork: it returns twice on the same stack, so the return address must wait in a
// register, as in the C library. The mark is set before the call, and only the parent takes it
// back. Its previous value waits in a register too, because the caller may itself be a vfork child.
#include <errno.h>
#include <sched.h>

#include "libtrack/interpose/careful.h"
#include "libtrack/interpose/export.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it

extern "C" __attribute__((visibility("hidden"), used)) int leaktrack_vfork_failed(int error) {
  errno = error;
  return -1;
}

__asm__(R"(
  .pushsection .text.leaktrack_vfork,"ax",@progbits
  .globl vfork
  .type vfork, @function
vfork:
  .cfi_startproc
  popq %rdi
  .cfi_adjust_cfa_offset -8
  .cfi_register %rip, %rdi
  movq leaktrack_tenancy@gottpoff(%rip), %rsi
  movl %fs:(%rsi), %r8d
  movl $1, %edx
  testl %r8d, %r8d
  cmovnzl %r8d, %edx
  movl %edx, %fs:(%rsi)
  movl $58, %eax
  syscall
  pushq %rdi
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rip, 0
  testl %eax, %eax
  jz 1f
  movl %r8d, %fs:(%rsi)
  cmpl $-4095, %eax
  jae 2f
1:
  ret
2:
  movl %eax, %edi
  negl %edi
  jmp leaktrack_vfork_failed
  .cfi_endproc
  .size vfork, .-vfork
  .popsection
)");

static_assert(raw::kBorrower == 1, "the assembly above says so");
static_assert(SYS_vfork == 58, "the assembly above says so");

// Named by hand: the header declares it as variadic. The mark can be kept only for a child that the
// caller waits for and that has no thread-local variables of its own.
using ChildMain = int(void*);
LEAKTRACK_EXPORT int HookedClone(ChildMain*, void*, int, void*, void*, void*,
                                 void*) __asm__("clone");

int HookedClone(ChildMain* child_main, void* stack, int flags, void* argument, void* parent_tid,
                void* tls, void* child_tid) {
  if (Missing(g_real.clone)) return -1;
  constexpr int kLent = CLONE_VM | CLONE_VFORK;
  const bool lent = (flags & (kLent | CLONE_SETTLS)) == kLent;
  const uint32_t before = raw::tenancy;
  if (lent && before == raw::kOwner) raw::tenancy = raw::kBorrower;
  const int result = g_real.clone(child_main, stack, flags, argument, parent_tid, tls, child_tid);
  raw::tenancy = before;
  return result;
}
