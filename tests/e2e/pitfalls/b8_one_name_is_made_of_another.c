// SPDX-License-Identifier: Apache-2.0
// A library behind us makes one of two names of a call to the other, by the names that the program
// finds, which are ours: each of our two goes on to its own, and a mapping is recorded once.
// EXPECT: status 7
// EXPECT: end exited
// EXPECT: live Map 2 objects 45056 bytes
// CASE: first
// CASE: second
#include <sys/mman.h>

#include "program.h"

extern int first_is_made_of_second, calls_of_first, calls_of_second;

NOINLINE static void Map(void) {
  const int both = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const int first = calls_of_first, second = calls_of_second;
  REQUIRE(Escape(mmap(NULL, 20480, both, flags, -1, 0)) != MAP_FAILED);
  REQUIRE(Escape(mmap64(NULL, 24576, both, flags, -1, 0)) != MAP_FAILED);
  REQUIRE(calls_of_first - first == (first_is_made_of_second ? 1 : 2));
  REQUIRE(calls_of_second - second == (first_is_made_of_second ? 2 : 1));
}

int main(int argc, char** argv) {
  first_is_made_of_second = argc > 1 && strcmp(argv[1], "first") == 0;
  Map();
  if (first_is_made_of_second) _exit(7);
  _Exit(7);
}
