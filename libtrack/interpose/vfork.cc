// SPDX-License-Identifier: Apache-2.0
//
// vfork: notes for the time of the child that this thread's memory is on loan (raw::tenancy).
//
// Why by hand: both returns use the same stack, so that the return address must wait in a register,
// as in the C library. The mark is set before the call and taken back by the parent alone; what it
// was before waits in a register, too, as the caller may be a vfork child itself.
#include <errno.h>

#include "libtrack/platform/os/raw.h"

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

static_assert(leaktrack::track::raw::kBorrower == 1, "the assembly above says so");
static_assert(SYS_vfork == 58, "the assembly above says so");
