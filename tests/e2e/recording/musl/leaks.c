/* SPDX-License-Identifier: Apache-2.0
 *
 * Built with musl-gcc. Each function below leaves kBlocks blocks of kBytes behind, in four threads
 * and in a forked child; what is freed or moved leaves nothing. It then gives up root, which musl
 * does by a signal to every thread, our helper among them.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kBlocks = 250, kBytes = 96, kThreads = 4, kMost = 1 << 20 };

static void* kept[kMost];
static unsigned kept_count;
static void Keep(void* block) {
  memset(block, 0x5a, kBytes);
  kept[__atomic_fetch_add(&kept_count, 1, __ATOMIC_RELAXED)] = block;
}

#define EACH(Name, make)                             \
  __attribute__((noinline)) static void Name(void) { \
    for (int i = 0; i < kBlocks; ++i) Keep(make);    \
  }
static void* Aligned(void) {
  void* block = NULL;
  return posix_memalign(&block, 64, kBytes) == 0 ? block : NULL;
}
EACH(ByMalloc, malloc(kBytes))
EACH(ByCalloc, calloc(8, kBytes / 8))
EACH(ByRealloc, realloc(malloc(7), kBytes))
EACH(ByAlignedAlloc, aligned_alloc(32, kBytes))
EACH(ByMemalign, memalign(128, kBytes))
__attribute__((noinline)) static void ByPosixMemalign(void) {
  for (int i = 0; i < kBlocks; ++i) Keep(Aligned());
}
__attribute__((noinline)) static void Freed(void) {
  for (int i = 0; i < kBlocks; ++i) free(calloc(1, kBytes));
}

static void* Work(void* argument) {
  ByMalloc();
  ByCalloc();
  ByRealloc();
  ByAlignedAlloc();
  ByMemalign();
  ByPosixMemalign();
  Freed();
  return argument;
}

static int Fails(const char* what) {
  perror(what);
  return 1;
}

int main(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    if (pthread_create(&threads[i], NULL, Work, NULL) != 0) return Fails("pthread_create");
  }
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  const pid_t child = fork();
  if (child == 0) {
    Work(NULL);
    usleep(150000); /* grown up, so that it has a run of its own */
    Work(NULL);
    exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) return Fails("the child");
  if (geteuid() == 0) {
    const gid_t nobody = 65534;
    if (setgroups(1, &nobody) != 0 || setregid(nobody, nobody) != 0 ||
        setreuid(nobody, nobody) != 0)
      return Fails("giving up root");
    if (setuid(0) == 0) return Fails("root was not given up");
  }
  puts("done");
  return 0;
}
