/* SPDX-License-Identifier: Apache-2.0
 *
 * Built with musl-gcc. It calls every function that the library interposes, and prints the results.
 * Under the preload it must print the same. Arguments: none, or what a program that was exec'ed
 * must do.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

extern char** environ;

/* musl's headers, or all of musl, lack these. A program may test whether they exist. */
__attribute__((weak)) void* pvalloc(size_t);
__attribute__((weak)) int execveat(int, const char*, char* const[], char* const[], int);
__attribute__((weak)) void* _Znwm(size_t);
__attribute__((weak)) void _ZdlPv(void*);

static void Check(const char* what, int good) {
  printf("%s %s\n", what, good ? "works" : "is broken");
}

static int Whole(void* block, size_t alignment, size_t size) {
  if (block == NULL || (uintptr_t)block % alignment != 0) return 0;
  memset(block, 0x5a, size);
  return 1;
}

static void Heap(void) {
  for (size_t size = 1; size < 300000; size = size * 2 + 1) {
    void* blocks[9] = {malloc(size),
                       calloc(3, size),
                       realloc(malloc(7), size),
                       reallocarray(NULL, 2, size),
                       aligned_alloc(64, (size + 63) & -64),
                       memalign(256, size),
                       valloc(size)};
    void* aligned = NULL;
    Check("posix_memalign",
          posix_memalign(&aligned, 4096, size) == 0 && Whole(aligned, 4096, size));
    blocks[7] = aligned;
    for (int i = 0; i < 8; ++i) {
      Check("a block", Whole(blocks[i],
                             i == 6   ? 4096
                             : i == 5 ? 256
                                      : 16,
                             size) &&
                           malloc_usable_size(blocks[i]) >= size);
    }
    blocks[8] = pvalloc != NULL ? pvalloc(size) : valloc(size);
    Check("pvalloc", Whole(blocks[8], 4096, size));
    for (int i = 0; i < 9; ++i) free(blocks[i]);
  }
  errno = 0;
  Check("refusal",
        malloc(PTRDIFF_MAX) == NULL && errno == ENOMEM && calloc(SIZE_MAX / 2, 4) == NULL);
}

static void Operators(void) {
  if (_Znwm == NULL || _ZdlPv == NULL) return;
  for (int i = 0; i < 1000; ++i) _ZdlPv(_Znwm(4000));
  Check("operator new", 1);
}

static void Mappings(void) {
  char* mapped = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Check("mmap", mapped != MAP_FAILED);
  mapped = mremap(mapped, 1 << 20, 2 << 20, MREMAP_MAYMOVE);
  Check("mremap", mapped != MAP_FAILED && munmap(mapped, 2 << 20) == 0);
}

static void* ExitsByCall(void* argument) {
  for (int i = 0; i < 1000; ++i) free(malloc(5000));
  pthread_exit(argument);
}
static void* Waits(void* argument) {
  for (;;) pause();
  return argument;
}
static int ExitsAsC11(void* argument) {
  (void)argument;
  thrd_exit(7);
}

static void Threads(void) {
  pthread_t thread;
  void* result = NULL;
  Check("pthread_exit", pthread_create(&thread, NULL, ExitsByCall, &thread) == 0 &&
                            pthread_join(thread, &result) == 0 && result == &thread);
  Check("pthread_cancel", pthread_create(&thread, NULL, Waits, NULL) == 0 &&
                              pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 &&
                              result == PTHREAD_CANCELED);
  thrd_t c11;
  int value = 0;
  Check("thrd_exit", thrd_create(&c11, ExitsAsC11, NULL) == thrd_success &&
                         thrd_join(c11, &value) == thrd_success && value == 7);
}

static char* Self = "";
static char* Words[] = {"self", "speak", NULL};

static void BecomeBy(int way) {
  if (way == 0) execve(Self, Words, environ);
  if (way == 1) execv(Self, Words);
  if (way == 2) execvp(Self, Words);
  if (way == 3) execvpe(Self, Words, environ);
  if (way == 4) execl(Self, "self", "speak", (char*)NULL);
  if (way == 5) execlp(Self, "self", "speak", (char*)NULL);
  if (way == 6) execle(Self, "self", "speak", (char*)NULL, environ);
  if (way == 7) fexecve(memfd_create("not a program", 0), Words, environ);
  if (way == 8 && execveat != NULL) execveat(-100, Self, Words, environ, 0);
  if (way == 8) execve(Self, Words, environ);
  _exit(50);
}

static void EndBy(int way) {
  if (way == 0) _exit(60);
  if (way == 1) _Exit(61);
  if (way == 2) quick_exit(62);
  if (way == 3) abort();
  if (way == 4) exit(63);
  if (way == 5) pthread_exit(NULL); /* the last thread: status 0 */
  if (way == 6) prctl(PR_SET_SECCOMP, 1 /* strict */), syscall(SYS_exit, 64);
}

static void Children(void (*act)(int), int ways, int vforked) {
  for (int way = 0; way < ways; ++way) {
    fflush(stdout);
    const pid_t child = vforked ? vfork() : fork();
    if (child == 0) act(way);
    int status = 0;
    Check("waitpid", waitpid(child, &status, 0) == child);
    printf("way %d ended with %x\n", way, status);
  }
}

static void Rest(void) {
  void* library = dlopen("libc.so", RTLD_NOW);
  Check("dlclose", library == NULL || dlclose(library) == 0);
  Check("prctl", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) >= 0);
  Check("syscall", syscall(SYS_getpid) == getpid());
  Check("unshare", unshare(0) == 0);
  Check("setns", setns(-1, 0) == -1 && errno == EBADF);
}

int main(int count, char** arguments) {
  if (count == 2 && strcmp(arguments[1], "speak") == 0)
    return puts("the exec'ed program speaks") < 0;
  Self = arguments[0];
  Heap();
  Operators();
  Mappings();
  Threads();
  Children(BecomeBy, 9, 0);
  Children(BecomeBy, 7, 1);
  Children(EndBy, 7, 0);
  Rest();
  return 3;
}
