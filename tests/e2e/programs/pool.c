/* SPDX-License-Identifier: Apache-2.0
 *
 * Two allocators inside the program. "sessions" are cut from malloc blocks, and the first object
 * begins where its slab begins. 30 of its objects stay; others are freed one by one, or cleared
 * with their memory. All objects of "scratch", which are cut from a mapping, end at once. The slabs
 * are not counted, because the objects stand for them. A forked child announces the pool in its own
 * capture.
 *
 * CASE:
 * EXPECT: live LeakObjects 30 objects 39990 bytes
 * EXPECT: absent FreeObjects
 * EXPECT: absent ClearObjects
 * EXPECT: absent ScratchObjects
 * EXPECT: absent TakeSlab
 * EXPECT: absent MapSlab
 * CASE: fork
 * EXPECT: live LeakObjects 30 objects 39990 bytes
 * EXPECT-CHILD: live ChildObjects 7 objects 9331 bytes
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "leaktrack/leaktrack.h"
#include "program.h"

enum { kSize = 1333, kSlab = 64 * 1024 };
static leaktrack_pool sessions, scratch;
static char *slab, *mapping;
static char* next;

static NOINLINE char* TakeSlab(void) {
  char* taken = Escape(malloc(kSlab));
  leaktrack_pool_backing(sessions, taken, kSlab);
  return taken;
}

static NOINLINE char* MapSlab(void) {
  char* taken =
      Escape(mmap(NULL, kSlab, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  leaktrack_pool_backing(scratch, taken, kSlab);
  return taken;
}

static char* Cut(leaktrack_pool pool) {
  char* object = next;
  next += kSize;
  leaktrack_pool_alloc(pool, object, kSize);
  return object;
}

static NOINLINE void LeakObjects(int count) {
  while (count-- > 0) Escape(Cut(sessions));
}

static NOINLINE void FreeObjects(void) {
  for (int i = 0; i < 5; ++i) leaktrack_pool_free(sessions, Escape(Cut(sessions)));
}

static NOINLINE void ClearObjects(void) {
  char* from = next;
  for (int i = 0; i < 5; ++i) Escape(Cut(sessions));
  leaktrack_pool_clear(sessions, from, (size_t)(next - from));
}

static NOINLINE void ScratchObjects(void) {
  for (int i = 0; i < 20; ++i) Escape(Cut(scratch));
  leaktrack_pool_destroy(scratch);
}

static NOINLINE void ChildObjects(void) {
  for (int i = 0; i < 7; ++i) Escape(Cut(sessions));
}

int main(int count, char** arguments) {
  (void)arguments;
  sessions = leaktrack_pool_create("sessions");
  scratch = leaktrack_pool_create("scratch");
  REQUIRE(leaktrack_pool_create("sessions") == sessions);
  next = slab = TakeSlab();
  LeakObjects(30);
  FreeObjects();
  ClearObjects();
  next = mapping = MapSlab();
  ScratchObjects();
  next = slab + 45 * kSize;
  leaktrack_pool_alloc(0, next, kSize);
  leaktrack_pool_alloc(1234567, next, kSize);
  leaktrack_pool_free(sessions, next);
  if (count > 1) {
    pid_t child = fork();
    if (child == 0) {
      ChildObjects();
      _exit(0);
    }
    REQUIRE(waitpid(child, NULL, 0) == child);
  }
  munmap(mapping, kSlab); /* the slab stays, and must not be reported */
  return 0;
}
