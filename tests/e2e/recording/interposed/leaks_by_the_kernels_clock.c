/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaks a block of 1,009 bytes every 10 ms for 3 seconds by the kernel's clock, whatever time
 * libraries pretend: it waits by an instruction of its own.
 */
#include <sys/syscall.h>
#include <time.h>

#include "program.h"

static void WaitByKernel(void) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = 10 * 1000 * 1000};
  long result = SYS_nanosleep;
  __asm__ volatile("syscall" : "+a"(result) : "D"(&pause), "S"(NULL) : "rcx", "r11", "memory");
}

NOINLINE static void Leak(void) { Escape(malloc(1009)); }

int main(void) {
  for (int i = 0; i < 300; ++i) {
    Leak();
    WaitByKernel();
  }
  return 0;
}
