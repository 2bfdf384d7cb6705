// SPDX-License-Identifier: Apache-2.0
// Leaks 7 blocks of 601 bytes at its start and again for each "leak" among its arguments, which it
// obeys in order. Part of system_test.py.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "program.h"

NOINLINE static void Leak(void) {
  for (int i = 0; i < 7; ++i) Escape(malloc(601));
}

// Long enough for an epoch.
static void PassTime(void) {
  nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 200000000}, NULL);
}

static void WaitForLine(void) {
  char c;
  while (read(0, &c, 1) == 1 && c != '\n') {
  }
}

static void BecomeNobody(void) {
  REQUIRE(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
}

// Blocks cross from each entry point to each one that may take them.
static void Cross(void) {
  for (int i = 0; i < 1000; ++i) {
    void* blocks[5] = {malloc(100), calloc(10, 10), aligned_alloc(64, 128), realloc(NULL, 100),
                       NULL};
    REQUIRE(posix_memalign(&blocks[4], 256, 100) == 0 && (size_t)blocks[4] % 256 == 0);
    for (int k = 0; k < 5; ++k) {
      REQUIRE(malloc_usable_size(blocks[k]) >= 100);
      blocks[k] = Escape(realloc(blocks[k], 3000));
      REQUIRE(blocks[k] != NULL && malloc_usable_size(blocks[k]) >= 3000);
      free(blocks[k]);
    }
  }
}

// By calls that change this thread alone, of which the helper is told: so many that it must fall
// behind if it does not follow.
static void GiveUpRights(void) {
  for (int i = 0; i < 100; ++i) REQUIRE(prctl(PR_SET_KEEPCAPS, i % 2, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static void* SetOwnId(void* unused) {
  REQUIRE(setegid(getegid()) == 0);
  return unused;
}

// While another thread waits for the helper's answer.
static void GiveUpRightsBeside(void) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, SetOwnId, NULL) == 0);
  nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);  // it may as well come later
  REQUIRE(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static void Chroot(const char* place) { REQUIRE(chroot(place) == 0 && chdir("/") == 0); }

// Copies the captures of one folder to another, because the first may go away with its namespace.
static void Copy(const char* from, const char* to) {
  char command[4096];
  snprintf(command, sizeof command, "unset LD_PRELOAD; cp %s/*.ltk %s/", from, to);
  REQUIRE(system(command) == 0);
}

int main(int argc, char** argv) {
  Leak();
  for (int i = 1; i < argc; ++i) {
    const char* word = argv[i];
    if (strcmp(word, "leak") == 0) Leak();
    if (strcmp(word, "pass-time") == 0) PassTime();
    if (strcmp(word, "say") == 0) REQUIRE(write(1, "\n", 1) == 1);
    if (strcmp(word, "wait") == 0) WaitForLine();
    if (strcmp(word, "become-nobody") == 0) BecomeNobody();
    if (strcmp(word, "give-up-rights") == 0) GiveUpRights();
    if (strcmp(word, "give-up-rights-beside") == 0) GiveUpRightsBeside();
    if (strcmp(word, "cross") == 0) Cross();
    if (strcmp(word, "umask-0") == 0) umask(0);
    if (strcmp(word, "chroot") == 0) Chroot(argv[++i]);
    if (strcmp(word, "chdir") == 0) REQUIRE(chdir(argv[++i]) == 0);
    if (strcmp(word, "remove") == 0) REQUIRE(unlink(argv[++i]) == 0);
    if (strcmp(word, "copy") == 0) {
      Copy(argv[i + 1], argv[i + 2]);
      i += 2;
    }
  }
  return 0;
}
