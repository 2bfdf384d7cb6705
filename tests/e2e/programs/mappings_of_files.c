// SPDX-License-Identifier: Apache-2.0
// Files that are only memory are mappings like any other: memfd, tmpfs, /dev/zero, and pages that
// processes share without a name. A file on a disk is not. A memory file that is only read belongs
// to its owner.
// EXPECT: end exited
// EXPECT: live MapMemfd 2 objects 393216 bytes
// EXPECT: live MapShared 1 objects 28672 bytes
// EXPECT: live MapZero 1 objects 36864 bytes
// EXPECT: live MapSharedMemory 1 objects 53248 bytes
// EXPECT: live OpenMemfd 1 objects 12288 bytes
// EXPECT: absent MapAndUnmapMemfd
// EXPECT: absent ReadMemfd
// EXPECT: absent MapFile
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "program.h"

enum { kBoth = PROT_READ | PROT_WRITE };

static char* Map(int fd, size_t size, int protection, int flags) {
  errno = 4711;
  char* mapping = mmap(NULL, size, protection, flags, fd, 0);
  REQUIRE(mapping != MAP_FAILED && errno == 4711);
  if ((protection & PROT_WRITE) != 0) memset(mapping, 1, size);
  if (fd >= 0) close(fd);
  return Escape(mapping);
}
static int Sized(int fd, size_t size) {
  REQUIRE(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
  return fd;
}
static int Memfd(size_t size) { return Sized(memfd_create("facts", MFD_CLOEXEC), size); }

NOINLINE static void MapMemfd(void) {
  Map(Memfd(196608), 196608, kBoth, MAP_SHARED);
  Map(Memfd(196608), 196608, kBoth, MAP_PRIVATE);
}
NOINLINE static void MapShared(void) { Map(-1, 28672, kBoth, MAP_SHARED | MAP_ANONYMOUS); }
NOINLINE static void MapZero(void) { Map(open("/dev/zero", O_RDWR), 36864, kBoth, MAP_PRIVATE); }
NOINLINE static void MapSharedMemory(void) {
  const int fd = shm_open("/leaktrack-test-of-files", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(shm_unlink("/leaktrack-test-of-files") == 0);
  Map(Sized(fd, 53248), 53248, kBoth, MAP_SHARED);
}
NOINLINE static void OpenMemfd(void) {
  char* mapping = Map(Memfd(65536), 65536, PROT_NONE, MAP_SHARED);
  REQUIRE(mprotect(mapping + 8192, 12288, kBoth) == 0);
}
NOINLINE static void MapAndUnmapMemfd(void) {
  for (int i = 0; i < 20; ++i)
    REQUIRE(munmap(Map(Memfd(65536), 65536, kBoth, MAP_SHARED), 65536) == 0);
}
NOINLINE static void ReadMemfd(void) { Map(Memfd(65536), 65536, PROT_READ, MAP_SHARED); }
NOINLINE static void MapFile(void) {
  Map(open("/proc/self/exe", O_RDONLY), 4096, kBoth, MAP_PRIVATE);
}

int main(void) {
  MapMemfd();
  MapShared();
  MapZero();
  MapSharedMemory();
  OpenMemfd();
  MapAndUnmapMemfd();
  ReadMemfd();
  MapFile();
  return 0;
}
