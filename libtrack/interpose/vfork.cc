// SPDX-License-Identifier: Apache-2.0
//
// vfork, and clone where it is used like vfork. While the child lives, it runs in this thread's
// memory, and a mark says so (raw::tenancy).
//
// Why assembly for vfork: it returns twice on the same stack, so the return address must wait in a
// register, as in the C library. The child sets the mark and has the kernel clear it when the child
// execs or ends (set_tid_address). The parent cannot do that: signals that came meanwhile reach it
// before its next instruction, and a handler may leave by siglongjmp. The mark's previous value
// waits in a register too, because the caller may itself be a vfork child; the parent restores it.
// Limits: under a filter the kernel is not asked. A thread that leaves such a handler then keeps
// the mark, and its run ends without a record of how.
#include <errno.h>
#include <sched.h>

#include <cstdint>

#include "libtrack/interpose/careful.h"
#include "libtrack/interpose/export.h"
#include "libtrack/interpose/seventh_argument.h"
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
  movl $58, %eax
  syscall
  pushq %rdi
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rip, 0
  testl %eax, %eax
  jz 1f
  movl %r8d, %fs:(%rsi)
  cmpl $-4095, %eax
  jae 3f
  ret
1:
  movl $1, %edx
  testl %r8d, %r8d
  cmovnzl %r8d, %edx
  movl %edx, %fs:(%rsi)
  testl %r8d, %r8d
  js 2f
  cmpl $0, leaktrack_forbidden(%rip)
  jne 2f
  movq %fs:0, %rdi
  addq %rsi, %rdi
  movl $218, %eax
  syscall
2:
  xorl %eax, %eax
  ret
3:
  movl %eax, %edi
  negl %edi
  jmp leaktrack_vfork_failed
  .cfi_endproc
  .size vfork, .-vfork
  .popsection
)");

static_assert(raw::kBorrower == 1, "the assembly above says so");
static_assert(static_cast<int32_t>(raw::kFilteredBorrower) < 0, "the assembly above says so");
static_assert(SYS_vfork == 58 && SYS_set_tid_address == 218, "the assembly above says so");
static_assert(sizeof raw::forbidden == 4, "the assembly above says so");

// Named by hand: the header declares it as variadic. The mark can be kept only for a child that the
// caller waits for and that has no thread-local variables of its own. The kernel sets the mark to
// the child's number and clears it, unless the program uses that service of the kernel itself.
using ChildMain = int(void*);
LEAKTRACK_EXPORT int HookedClone(ChildMain*, void*, int, void*, void*, void*) __asm__("clone");

int HookedClone(ChildMain* child_main, void* stack, int flags, void* argument, void* parent_tid,
                void* tls) {
  auto* child_tid = reinterpret_cast<void*>(LEAKTRACK_SEVENTH_ARGUMENT());
  if (Missing(g_real.clone)) return -1;
  constexpr int kLent = CLONE_VM | CLONE_VFORK;
  constexpr int kKernelMarks = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
  if ((flags & (kLent | CLONE_SETTLS)) != kLent)
    return g_real.clone(child_main, stack, flags, argument, parent_tid, tls, child_tid);
  const uint32_t before = raw::tenancy;
  if (before == raw::kOwner && !raw::Forbidden() && (flags & kKernelMarks) == 0) {
    flags |= kKernelMarks;
    child_tid = &raw::tenancy;
  } else if (before == raw::kOwner) {
    raw::tenancy = raw::kBorrower;
  }
  const int result = g_real.clone(child_main, stack, flags, argument, parent_tid, tls, child_tid);
  raw::tenancy = before;
  return result;
}
