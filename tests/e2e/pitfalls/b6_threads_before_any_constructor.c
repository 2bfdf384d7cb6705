// SPDX-License-Identifier: Apache-2.0
// Eight threads allocate at the same time before any constructor has run, ours included. Then the
// same in a program whose environment contains only the preload.
// EXPECT: end exited|exec
// EXPECT: live LeakLater 1 objects 4567 bytes
// CASE: as_it_is
// CASE: without_environment
// EXPECT-CHILD: end exited|exec
#include <malloc.h>
#include <stdio.h>

#include "program.h"

enum { kThreads = 8 };

static pthread_barrier_t barrier;

static void* Allocate(void* unused) {
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 200; ++i) {
    char* block = calloc(1, 100);
    block = realloc(block, 3000);
    REQUIRE(block != NULL && block[99] == 0);
    free(block);
    free(memalign(64, 100));
  }
  return unused;
}

static void BeforeConstructors(int argc, char** argv, char** environment) {
  (void)argc, (void)argv, (void)environment;
  pthread_t threads[kThreads];
  REQUIRE(pthread_barrier_init(&barrier, NULL, kThreads) == 0);
  for (int i = 0; i < kThreads; ++i)
    REQUIRE(pthread_create(&threads[i], NULL, Allocate, NULL) == 0);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
}
__attribute__((section(".preinit_array"), used)) static void (*before)(int, char**,
                                                                       char**) = BeforeConstructors;

NOINLINE static void LeakLater(void) { Escape(malloc(4567)); }

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "without_environment") == 0) {
    static char preload[4096];
    REQUIRE(getenv("LD_PRELOAD") != NULL);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", getenv("LD_PRELOAD"));
    char* environment[] = {preload, "LEAKTRACK_INTERVAL=exact", NULL};
    execve("/proc/self/exe", (char*[]){argv[0], NULL}, environment);
    Fail("exec");
  }
  LeakLater();
  return 0;
}
