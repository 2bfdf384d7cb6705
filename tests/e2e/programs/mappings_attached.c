// SPDX-License-Identifier: Apache-2.0
// An attached segment is a mapping of its size until it is detached, by shmdt or by munmap, whole
// or in part.
// EXPECT: end exited
// EXPECT: live Attach 3 objects 589824 bytes
// EXPECT: live AttachAndCut 1 objects 4096 bytes
// EXPECT: live AttachOver 1 objects 8192 bytes
// EXPECT: absent Replaced
// EXPECT: absent AttachAndDetach
// EXPECT: absent AttachCutAndDetach
#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "program.h"

enum { kPage = 4096 };

static char* AttachAt(void* at, size_t size, int flags) {
  const int id = shmget(IPC_PRIVATE, size, 0600);
  REQUIRE(id >= 0);
  errno = 4711;
  char* segment = shmat(id, at, flags);
  REQUIRE(segment != (void*)-1 && errno == 4711);
  REQUIRE(shmctl(id, IPC_RMID, NULL) == 0);
  memset(segment, 1, size);
  return Escape(segment);
}

NOINLINE static void Attach(void) { AttachAt(NULL, 196000, 0); }
NOINLINE static void AttachAndCut(void) {
  char* segment = AttachAt(NULL, 3 * kPage, 0);
  REQUIRE(munmap(segment, 2 * kPage) == 0);
}
NOINLINE static void AttachAndDetach(void) {
  char* first = AttachAt(NULL, 65536, 0);
  char* second = AttachAt(NULL, 65536, 0);
  REQUIRE(shmdt(first) == 0 && shmdt(second) == 0);
  REQUIRE(shmdt(first) == -1 && errno == EINVAL);
}
NOINLINE static void AttachCutAndDetach(void) {
  char* segment = AttachAt(NULL, 65536, 0);
  REQUIRE(munmap(segment + 2 * kPage, kPage) == 0);
  REQUIRE(shmdt(segment) == 0);
}
NOINLINE static char* Replaced(void) {
  return mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
NOINLINE static void AttachOver(char* at) { REQUIRE(AttachAt(at, 2 * kPage, SHM_REMAP) == at); }

int main(void) {
  for (int i = 0; i < 3; ++i) Attach();
  AttachAndCut();
  AttachAndDetach();
  AttachCutAndDetach();
  AttachOver(Replaced());
  return 0;
}
