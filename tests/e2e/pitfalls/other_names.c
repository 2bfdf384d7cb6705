// SPDX-License-Identifier: Apache-2.0
// Part of b8_one_name_is_made_of_another.c: stands between us and the C library, and makes one
// name of a call of the other, as `first_is_made_of_second` says which.
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>

int first_is_made_of_second, calls_of_first, calls_of_second;

_Noreturn void _exit(int status);
_Noreturn void _Exit(int status);

static long Kernel(long number, long a, long b, long c, long d, long e, long f) {
  long result = number;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

static _Noreturn void KernelExit(int status) {
  for (;;) Kernel(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static void* KernelMap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return (void*)Kernel(SYS_mmap, (long)at, (long)size, protection, flags, fd, offset);
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  ++calls_of_first;
  if (first_is_made_of_second) return mmap64(at, size, protection, flags, fd, offset);
  return KernelMap(at, size, protection, flags, fd, offset);
}

void* mmap64(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  ++calls_of_second;
  if (!first_is_made_of_second) return mmap(at, size, protection, flags, fd, offset);
  return KernelMap(at, size, protection, flags, fd, offset);
}

void _exit(int status) {
  if (first_is_made_of_second) _Exit(status);
  KernelExit(status);
}

void _Exit(int status) {
  if (!first_is_made_of_second) _exit(status);
  KernelExit(status);
}
