// SPDX-License-Identifier: Apache-2.0
// A daemon closes every descriptor, twice, and opens files of its own, which get our numbers. Its
// files must contain only its own output, and the capture must be complete.
// EXPECT: end exited
// EXPECT: live Leak 40 objects 13240 bytes
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "program.h"

enum { kFiles = 64 };

NOINLINE static void Leak(void) {
  for (int i = 0; i < 20; ++i) Escape(malloc(331));
}

// Long enough for the helper thread to have written something, whatever it writes to.
static void PassSomeTime(void) {
  nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000}, NULL);
}

int main(void) {
  int files[kFiles];
  char name[64];
  Leak();
  PassSomeTime();
  for (int fd = 3; fd < 1024; ++fd) close(fd);
  syscall(SYS_close_range, 3, ~0u, 0);
  for (int i = 0; i < kFiles; ++i) {
    snprintf(name, sizeof name, "own-file-%d", i);
    files[i] = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    REQUIRE(files[i] >= 3);
    REQUIRE(write(files[i], "mine", 4) == 4);
  }
  Leak();
  PassSomeTime();
  for (int i = 0; i < kFiles; ++i) {
    struct stat about;
    char content[5] = "";
    REQUIRE(fstat(files[i], &about) == 0 && about.st_size == 4);
    REQUIRE(pread(files[i], content, 4, 0) == 4 && strcmp(content, "mine") == 0);
  }
  return 0;
}
