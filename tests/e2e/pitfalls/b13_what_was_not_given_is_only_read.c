// SPDX-License-Identifier: Apache-2.0
// syscall() and clone() are given as many arguments as a call needs. The place of the last ones is
// in the caller's frame, where a caller that gives fewer has something else: it may be read, as the
// C library does, and is never written. Here it lies on a page that nobody may write to.
// EXPECT: end exited
// EXPECT: live MapAnonymous 1 objects 12288 bytes
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

enum { kPage = 4096 };

// Calls function(a, b, c, d, e, f), with its frame right below `above`: the first word there is
// where a seventh argument would be.
long CallBelow(void* function, void* above, long a, long b, long c, long d, long e, long f);
__asm__(R"(
  .pushsection .text
  .type CallBelow, @function
CallBelow:
  .cfi_startproc
  pushq %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  movq %rdi, %rax
  movq %rsi, %r10
  movq %rdx, %rdi
  movq %rcx, %rsi
  movq %r8, %rdx
  movq %r9, %rcx
  movq 16(%rbp), %r8
  movq 24(%rbp), %r9
  movq %r10, %rsp
  call *%rax
  movq %rbp, %rsp
  popq %rbp
  .cfi_def_cfa %rsp, 8
  ret
  .cfi_endproc
  .size CallBelow, .-CallBelow
  .popsection
)");

static char* above;  // behind the stack of the calls; it holds the number kPage

static long Syscall(long number, long a, long b, long c, long d, long e) {
  return CallBelow((void*)syscall, above, number, a, b, c, d, e);
}

static void MakePages(void) {
  char* pages =
      mmap(NULL, 65536 + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(pages != MAP_FAILED);
  above = pages + 65536;
  *(long*)above = kPage;
  REQUIRE(mprotect(above, kPage, PROT_READ) == 0);
}

NOINLINE static void MapAnonymous(void) {
  const long flags = MAP_PRIVATE | MAP_ANONYMOUS;
  Escape((void*)Syscall(SYS_mmap, 0, 3 * kPage, PROT_READ | PROT_WRITE, flags, -1));
}

// The word there is the offset, and reaches the kernel.
static void MapSecondPageOfFile(void) {
  const int file = memfd_create("pages", 0);
  REQUIRE(file >= 0 && pwrite(file, "second", 6, kPage) == 6);
  const char* page = (const char*)Syscall(SYS_mmap, 0, kPage, PROT_READ, MAP_PRIVATE, file);
  REQUIRE(page != MAP_FAILED && memcmp(page, "second", 6) == 0);
  REQUIRE(Syscall(SYS_munmap, (long)page, kPage, 0, 0, 0) == 0);
  close(file);
}

static int Child(void* status) { _exit(*(const int*)status); }

static void Clone(void) {
  static char stack[65536] __attribute__((aligned(16)));
  static const int expected = 7;
  int status = 0;
  const pid_t child =
      (pid_t)CallBelow((void*)clone, above, (long)Child, (long)(stack + sizeof stack),
                       CLONE_VM | CLONE_VFORK | SIGCHLD, (long)&expected, 0, 0);
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child && status == expected << 8);
}

int main(void) {
  MakePages();
  REQUIRE(Syscall(SYS_getpid, 0, 0, 0, 0, 0) == getpid());
  REQUIRE(Syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
  REQUIRE(Syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0, 0, 0) == -1 && errno == EFAULT);
  REQUIRE(Syscall(SYS_setuid, getuid(), 0, 0, 0, 0) == 0);
  MapAnonymous();
  MapSecondPageOfFile();
  Clone();
  REQUIRE(*(const long*)above == kPage);
  return 0;
}
