// SPDX-License-Identifier: Apache-2.0
// The first allocation call of a program may be any of the family, long before main and before our
// constructor: in a .preinit_array function. Each case makes one such call. Whatever it is, the
// program runs, and later leaks are seen.
// EXPECT: end exited
// EXPECT: live LeakLater 1 objects 4567 bytes
// CASE: malloc
// CASE: calloc
// CASE: realloc
// CASE: reallocarray
// CASE: free
// CASE: memalign
// CASE: aligned_alloc
// CASE: posix_memalign
// CASE: valloc
// CASE: pvalloc
// CASE: malloc_usable_size
// CASE: mmap
// CASE: munmap
// CASE: mremap
// CASE: mprotect
// CASE: pkey_mprotect
// CASE: shmat
// CASE: shmdt
// CASE: brk
// CASE: sbrk
// CASE: syscall
#include <malloc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "program.h"

static void* early;

static void FirstCall(int argc, char** argv, char** environment) {
  (void)environment;
  const char* name = argc > 1 ? argv[1] : "";
  if (strcmp(name, "malloc") == 0) early = malloc(100);
  if (strcmp(name, "calloc") == 0) early = calloc(10, 10);
  if (strcmp(name, "realloc") == 0) early = realloc(NULL, 100);
  if (strcmp(name, "reallocarray") == 0) early = reallocarray(NULL, 10, 10);
  if (strcmp(name, "free") == 0) free(Escape(NULL));
  if (strcmp(name, "memalign") == 0) early = memalign(64, 100);
  if (strcmp(name, "aligned_alloc") == 0) early = aligned_alloc(64, 128);
  if (strcmp(name, "posix_memalign") == 0) REQUIRE(posix_memalign(&early, 64, 100) == 0);
  if (strcmp(name, "valloc") == 0) early = valloc(100);
  if (strcmp(name, "pvalloc") == 0) early = pvalloc(100);
  if (strcmp(name, "malloc_usable_size") == 0) REQUIRE(malloc_usable_size(NULL) == 0);
  if (strcmp(name, "munmap") == 0) REQUIRE(munmap((void*)1, 4096) != 0);
  if (strcmp(name, "mremap") == 0) REQUIRE(mremap((void*)1, 4096, 8192, 0) == MAP_FAILED);
  if (strcmp(name, "mprotect") == 0) REQUIRE(mprotect((void*)1, 4096, 0) != 0);
  if (strcmp(name, "pkey_mprotect") == 0) REQUIRE(pkey_mprotect((void*)1, 4096, 0, -1) != 0);
  if (strcmp(name, "shmat") == 0) REQUIRE(shmat(-1, NULL, 0) == (void*)-1);
  if (strcmp(name, "shmdt") == 0) REQUIRE(shmdt((void*)1) != 0);
  if (strcmp(name, "brk") == 0) REQUIRE(brk((char*)sbrk(0) + 4096) == 0);
  if (strcmp(name, "sbrk") == 0) memset(sbrk(4096), 1, 4096);
  if (strcmp(name, "syscall") == 0) REQUIRE(syscall(SYS_munmap, 1L, 4096L) != 0);
  if (strcmp(name, "mmap") == 0) {
    void* mapping = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(mapping != MAP_FAILED && munmap(mapping, 4096) == 0);
  }
}
__attribute__((section(".preinit_array"), used)) static void (*first_call)(int, char**,
                                                                           char**) = FirstCall;

NOINLINE static void LeakLater(void) { Escape(malloc(4567)); }

int main(void) {
  if (early != NULL) {
    memset(early, 1, 100);
    early = realloc(early, 1000);
    REQUIRE(early != NULL && ((char*)early)[99] == 1);
    free(early);
  }
  LeakLater();
  return 0;
}
