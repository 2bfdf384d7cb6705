/* SPDX-License-Identifier: Apache-2.0
 *
 * What every test program needs: functions that stay visible in stacks, blocks that the compiler
 * cannot remove, and handshakes. Each program states its truth in EXPECT comments
 * (tests/README.md).
 */
#ifndef LEAKTRACK_TESTS_E2E_PROGRAMS_PROGRAM_H_
#define LEAKTRACK_TESTS_E2E_PROGRAMS_PROGRAM_H_

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

/* The optimiser must believe that `pointer` is used. */
static inline void* Escape(void* pointer) {
  __asm__ volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

/* Says why on stderr and ends with status 99, which no program expects. Allocates nothing. */
static inline void Fail(const char* why) {
  (void)!write(2, why, strlen(why));
  (void)!write(2, "\n", 1);
  _exit(99);
}

#define REQUIRE(condition) ((condition) ? (void)0 : Fail("not true: " #condition))

/* A handshake between threads or processes: one side waits, the other tells. Never sleep instead.
 */
struct Handshake {
  int ends[2];
};
static inline void HandshakeOpen(struct Handshake* handshake) {
  REQUIRE(pipe(handshake->ends) == 0);
}
static inline void HandshakeTell(struct Handshake* handshake) {
  REQUIRE(write(handshake->ends[1], "", 1) == 1);
}
static inline void HandshakeWait(struct Handshake* handshake) {
  char byte;
  REQUIRE(read(handshake->ends[0], &byte, 1) == 1);
}

#endif /* LEAKTRACK_TESTS_E2E_PROGRAMS_PROGRAM_H_ */
