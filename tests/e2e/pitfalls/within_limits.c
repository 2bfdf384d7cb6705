// SPDX-License-Identifier: Apache-2.0
// Limits itself after its start, and prints what it then gets. Part of system_test.py.
//
//  as|data MIB   lowers the limit to that, then allocates blocks of 100,000 bytes until there are
//                no more; prints how many
//  lock FLAGS    mlockall, small blocks for more than a second; prints the resident memory at the
//                end, in KiB
//  locked MIB    limits the memory to lock, and calls mlockall; prints how many KiB can then be
//                mapped, at most that limit
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "program.h"

static void Limit(int resource, unsigned long bytes) {
  REQUIRE(setrlimit(resource, &(struct rlimit){bytes, bytes}) == 0);
}

static int AllocateAll(void) {
  int blocks = 0;
  for (char* block; (block = Escape(malloc(100000))) != NULL; ++blocks) block[0] = 1;
  return blocks;
}

static long ResidentKib(void) {
  static char text[65536];
  const int fd = open("/proc/self/status", O_RDONLY);
  REQUIRE(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
  return atol(strstr(text, "VmRSS:") + 6);
}

static void AllocateForAWhile(void) {
  for (int i = 0; i < 120; ++i) {
    for (int k = 0; k < 500; ++k) Escape(malloc(40));
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
}

static long MapLocked(unsigned long limit) {
  long kib = 0;
  while ((unsigned long)kib << 10 < limit &&
         mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
             MAP_FAILED) {
    kib += 64;
  }
  return kib;
}

int main(int argc, char** argv) {
  REQUIRE(argc == 3);
  const unsigned long bytes = strtoul(argv[2], NULL, 0) << 20;
  if (strcmp(argv[1], "as") == 0 || strcmp(argv[1], "data") == 0) {
    Limit(argv[1][0] == 'a' ? RLIMIT_AS : RLIMIT_DATA, bytes);
    printf("%d\n", AllocateAll());
  } else if (strcmp(argv[1], "lock") == 0) {
    REQUIRE(mlockall(atoi(argv[2])) == 0);
    AllocateForAWhile();
    printf("%ld\n", ResidentKib());
  } else {
    Limit(RLIMIT_MEMLOCK, bytes);
    REQUIRE(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
    AllocateForAWhile();
    printf("%ld\n", MapLocked(bytes));
  }
  return 0;
}
