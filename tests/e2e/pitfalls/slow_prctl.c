// SPDX-License-Identifier: Apache-2.0
// Part of p5_a_filter_that_fails_beside_another.c: stands between us and the C library, and lets
// the program do something while prctl installs a filter.
#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

void (*in_the_middle)(void);

int prctl(int option, ...) {
  if (option == PR_SET_SECCOMP && in_the_middle != 0) in_the_middle();
  va_list rest;
  va_start(rest, option);
  const unsigned long a = va_arg(rest, unsigned long), b = va_arg(rest, unsigned long);
  register unsigned long r10 __asm__("r10") = va_arg(rest, unsigned long);
  register unsigned long r8 __asm__("r8") = va_arg(rest, unsigned long);
  va_end(rest);
  long result = SYS_prctl;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"((long)option), "S"(a), "d"(b), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  if (result >= 0) return (int)result;
  errno = (int)-result;
  return -1;
}
