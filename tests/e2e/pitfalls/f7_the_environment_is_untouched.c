// SPDX-License-Identifier: Apache-2.0
// Children get the environment that the program passes to them: the preload with everything else,
// in the same order. A program that removes the preload gets its way, too.
// EXPECT: end exited
// EXPECT: live Leak 1 objects 601 bytes
// EXPECT-CHILD: end exited
// EXPECT-CHILD: absent Leak
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

extern char** environ;

NOINLINE static void Leak(void) { Escape(malloc(601)); }

// A sum over all strings in their order. It leaves out what /bin/sh would change, because there is
// no shell.
static unsigned long Fingerprint(void) {
  unsigned long sum = 5381;
  for (char** entry = environ; *entry != NULL; ++entry) {
    for (const char* c = *entry; *c != 0; ++c) sum = sum * 33 + (unsigned char)*c;
  }
  return sum;
}

static void Spawn(const char* program, char** arguments, char** environment) {
  pid_t child;
  int status;
  REQUIRE(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environment) == 0);
  REQUIRE(waitpid(child, &status, 0) == child);
  if (status != 0) Fail(program);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "without") == 0) return getenv("LD_PRELOAD") == NULL ? 0 : 98;
  if (argc > 1) return Fingerprint() == strtoul(argv[1], NULL, 10) ? 0 : 98;
  const unsigned long before = Fingerprint();
  char expected[32];
  snprintf(expected, sizeof expected, "%lu", before);
  Spawn("same environment", (char*[]){argv[0], expected, NULL}, environ);
  Spawn("no environment", (char*[]){argv[0], "without", NULL}, (char*[]){NULL});
  Leak();
  REQUIRE(Fingerprint() == before);
  return 0;
}
