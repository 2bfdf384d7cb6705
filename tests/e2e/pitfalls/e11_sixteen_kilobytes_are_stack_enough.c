// SPDX-License-Identifier: Apache-2.0
// Threads with the smallest possible stack, and coroutines on 16 KiB with a guard page below,
// allocate, free, map and fork for the first time there. None of our code reaches the guard page.
// CASE: threads
// EXPECT: live LeakOnSmallStack 200 objects 20200 bytes
// CASE: coroutines
// EXPECT: live LeakOnSmallStack 200 objects 20200 bytes
// CASE: first_in_coroutine_of_child
// EXPECT-CHILD: live LeakOnSmallStack 1 objects 101 bytes
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "program.h"

enum { kPage = 4096, kStack = 16384, kTimes = 200 };

static ucontext_t back;

NOINLINE static void LeakOnSmallStack(void) { Escape(malloc(101)); }

NOINLINE static void Work(void) {
  LeakOnSmallStack();
  free(Escape(realloc(Escape(malloc(300)), 900)));
  void* memory = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(Escape(memory), kPage);
}

static void* Thread(void* unused) {
  Work();
  return unused;
}

NOINLINE static void RunCoroutine(void) {
  char* low =
      mmap(NULL, kPage + kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(low != MAP_FAILED && mprotect(low, kPage, PROT_NONE) == 0);
  ucontext_t context;
  REQUIRE(getcontext(&context) == 0);
  context.uc_stack.ss_sp = low + kPage;
  context.uc_stack.ss_size = kStack;
  context.uc_link = &back;
  makecontext(&context, Work, 0);
  REQUIRE(swapcontext(&back, &context) == 0);
  munmap(low, kPage + kStack);
}

static void RunThread(void) {
  pthread_t thread;
  pthread_attr_t small;
  REQUIRE(pthread_attr_init(&small) == 0 &&
          pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN) == 0);
  REQUIRE(pthread_create(&thread, &small, Thread, NULL) == 0);
  pthread_join(thread, NULL);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "threads";
  if (strcmp(what, "first_in_coroutine_of_child") == 0) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
      RunCoroutine();
      exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
    return 0;
  }
  for (int i = 0; i < kTimes; ++i) {
    if (strcmp(what, "threads") == 0)
      RunThread();
    else
      RunCoroutine();
  }
  return 0;
}
