// SPDX-License-Identifier: Apache-2.0
// Under a limit of the address space malloc, calloc, realloc, posix_memalign and mmap fail. None of
// it is recorded, whether it failed because of its size or for lack of room. Overflowing products
// and invalid alignments give the same results as in libc.
// EXPECT: end exited
// EXPECT: absent Refused
// EXPECT: live Zero 1 objects 0 bytes
// EXPECT: live BothOrders 2 objects 2468 bytes
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "program.h"

static volatile size_t kMuch = (size_t)1 << 33, kOdd = 48;

NOINLINE static void Refused(void) {
  void* block = NULL;
  errno = 0;
  REQUIRE(Escape(malloc(kMuch)) == NULL && errno == ENOMEM);
  REQUIRE(Escape(calloc(kMuch, 1)) == NULL);
  REQUIRE(Escape(calloc(SIZE_MAX / 16, 17 + kOdd)) == NULL &&
          Escape(calloc(17 + kOdd, SIZE_MAX / 16)) == NULL);
  REQUIRE(Escape(reallocarray(NULL, SIZE_MAX / 16, 17 + kOdd)) == NULL);
  REQUIRE(Escape(realloc(NULL, kMuch)) == NULL && Escape(aligned_alloc(64, kMuch)) == NULL);
  REQUIRE(posix_memalign(&block, 64, kMuch) == ENOMEM && block == NULL);
  REQUIRE(posix_memalign(&block, kOdd, 100) == EINVAL && posix_memalign(&block, 4, 100) == EINVAL &&
          block == NULL);
  REQUIRE(mmap(NULL, kMuch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
          MAP_FAILED);
  free(NULL);
}

NOINLINE static void Zero(void) { REQUIRE(Escape(malloc(0)) != NULL); }

NOINLINE static void BothOrders(void) {
  Escape(calloc(1234, 1));
  Escape(calloc(1, 1234));
}

int main(void) {
  const struct rlimit limit = {(rlim_t)1 << 32, (rlim_t)1 << 32};
  REQUIRE(setrlimit(RLIMIT_AS, &limit) == 0);
  for (int i = 0; i < 100; ++i) Refused();
  Zero();
  BothOrders();
  return 0;
}
