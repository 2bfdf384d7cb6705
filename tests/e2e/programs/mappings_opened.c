// SPDX-License-Identifier: Apache-2.0
// Reserved address space costs nothing. What mprotect opens of it belongs to the caller that opens
// it, once, by whatever function. What is unmapped or replaced by a reservation is gone. What is
// merely closed is not.
// EXPECT: end exited
// EXPECT: absent Reserve
// EXPECT: live Open 3 objects 589824 bytes
// EXPECT: live OpenByKey 1 objects 28672 bytes
// EXPECT: live OpenByNumber 1 objects 36864 bytes
// EXPECT: live OpenAcrossAnotherMapping 3 objects 28672 bytes
// EXPECT: live OpenAndClose 1 objects 45056 bytes
// EXPECT: live OpenWhatWasOnlyRead 1 objects 20480 bytes
// EXPECT: live OpenWhatWasMoved 1 objects 12288 bytes
// EXPECT: live Between 1 objects 4096 bytes
// EXPECT: absent OpenAndUnmap
// EXPECT: absent OpenAndReserveAgain
// EXPECT: absent MakeCode
// EXPECT: absent OpenTooMuch
// EXPECT-CHILD: end exited
// EXPECT-CHILD: live OpenInChild 1 objects 53248 bytes
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

enum { kPage = 4096, kReserved = 4 << 20, kBoth = PROT_READ | PROT_WRITE };

NOINLINE static char* Reserve(void* at, size_t size, int protection, int flags) {
  char* space =
      mmap(at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  REQUIRE(space != MAP_FAILED);
  return Escape(space);
}
static void Protect(char* at, size_t size, int protection) {
  errno = 4711;
  REQUIRE(mprotect(at, size, protection) == 0 && errno == 4711);
  if ((protection & PROT_WRITE) != 0) memset(at, 1, size);
}

NOINLINE static void Open(char* at) { Protect(at, 196608, kBoth); }
NOINLINE static void OpenByKey(char* at) { REQUIRE(pkey_mprotect(at, 28672, kBoth, -1) == 0); }
NOINLINE static void OpenByNumber(char* at) {
  REQUIRE(syscall(SYS_mprotect, at, 36864L, (long)kBoth) == 0);
}
NOINLINE static void Between(char* at) {
  REQUIRE(mmap(at, kPage, kBoth, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
}
NOINLINE static void OpenAcrossAnotherMapping(char* at) {
  Between(at + 2 * kPage);
  Protect(at, 7 * kPage, kBoth);
}
NOINLINE static void OpenAndClose(char* at) {
  for (int i = 0; i < 100; ++i) {
    Protect(at, 45056, kBoth);
    Protect(at, 45056, PROT_NONE);
    Protect(at + kPage, kPage, kBoth);
  }
}
NOINLINE static void OpenWhatWasOnlyRead(void) {
  Protect(Reserve(NULL, 20480, PROT_READ, 0), 20480, PROT_READ);
  Protect(Reserve(NULL, 20480, PROT_READ, 0), 20480, kBoth);
}
NOINLINE static void OpenWhatWasMoved(void) {
  char* space = Reserve(NULL, 8192, PROT_NONE, 0);
  space = mremap(space, 8192, 1 << 20, MREMAP_MAYMOVE);
  REQUIRE(space != MAP_FAILED);
  Protect(space + 65536, 12288, kBoth);
}
NOINLINE static void OpenAndUnmap(void) {
  char* space = Reserve(NULL, kReserved, PROT_NONE, 0);
  Protect(space, 81920, kBoth);
  REQUIRE(munmap(space, kReserved) == 0);
}
NOINLINE static void OpenAndReserveAgain(char* at) {
  for (int i = 0; i < 10; ++i) {
    Protect(at, 81920, kBoth);
    Reserve(at, 81920, PROT_NONE, MAP_FIXED);
  }
}
// Written through the first protection and run through the second: opened long before.
NOINLINE static void MakeCode(char* at) {
  for (int i = 0; i < 1000; ++i) {
    Protect(at, kPage, kBoth);
    Protect(at, kPage, PROT_READ | PROT_EXEC);
  }
}
NOINLINE static void OpenTooMuch(void) {
  REQUIRE(mprotect((void*)(kPage + 1), kPage, kBoth) == -1 && errno == EINVAL);
}
NOINLINE static void OpenInChild(char* at) { Protect(at, 53248, kBoth); }

int main(void) {
  char* space = Reserve(NULL, kReserved, PROT_NONE, 0);
  for (int i = 0; i < 3; ++i) Open(space + i * 262144);
  Protect(space, 196608, PROT_READ);
  MakeCode(space + kPage);
  OpenByKey(space + (1 << 20));
  OpenByNumber(space + (1 << 20) + 65536);
  OpenAcrossAnotherMapping(space + (1 << 20) + 131072);
  OpenAndClose(space + (2 << 20));
  OpenAndReserveAgain(space + (2 << 20) + 131072);
  OpenWhatWasOnlyRead();
  OpenWhatWasMoved();
  OpenAndUnmap();
  OpenTooMuch();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    OpenInChild(space + (3 << 20));
    return 0;
  }
  int status;
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}
