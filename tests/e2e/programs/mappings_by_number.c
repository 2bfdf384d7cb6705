// SPDX-License-Identifier: Apache-2.0
// syscall(SYS_mmap, ...) and similar calls mean the same as the functions of those names.
// EXPECT: end exited
// EXPECT: live MapAndForget 1 objects 196608 bytes
// EXPECT: live MapAndGrow 1 objects 81920 bytes
// EXPECT: live Attach 1 objects 28672 bytes
// EXPECT: absent MapAndUnmap
// EXPECT: absent AttachAndDetach
#include <errno.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "program.h"

static char* Map(long size) {
  const long both = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
  char* mapping = (char*)syscall(SYS_mmap, 0L, size, both, flags, -1L, 0L);
  REQUIRE(mapping != MAP_FAILED);
  return mapping;
}
static char* AttachOne(void) {
  const int id = shmget(IPC_PRIVATE, 28672, 0600);
  char* segment = (char*)syscall(SYS_shmat, (long)id, 0L, 0L);
  REQUIRE(segment != MAP_FAILED && shmctl(id, IPC_RMID, NULL) == 0);
  return segment;
}

NOINLINE static void MapAndForget(void) { Escape(Map(196608)); }
NOINLINE static void MapAndUnmap(void) { REQUIRE(syscall(SYS_munmap, Map(65536), 65536L) == 0); }
NOINLINE static void MapAndGrow(void) {
  REQUIRE(syscall(SYS_mremap, Map(4096), 4096L, 81920L, (long)MREMAP_MAYMOVE, 0L) != -1);
}
NOINLINE static void Attach(void) { Escape(AttachOne()); }
NOINLINE static void AttachAndDetach(void) { REQUIRE(syscall(SYS_shmdt, AttachOne()) == 0); }

int main(void) {
  MapAndForget();
  for (int i = 0; i < 20; ++i) MapAndUnmap();
  MapAndGrow();
  Attach();
  AttachAndDetach();
  errno = 0;
  REQUIRE(syscall(SYS_munmap, 1L, 4096L) == -1 && errno == EINVAL);
  return 0;
}
