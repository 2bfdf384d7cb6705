// SPDX-License-Identifier: Apache-2.0
// Blocks that static constructors and static destructors allocate are seen like any other.
// EXPECT: end exited
// EXPECT: live LeakInConstructor 2 objects 2466 bytes
// EXPECT: live LeakInDestructor 1 objects 1451 bytes
// EXPECT: absent FreedByDestructor
#include "program.h"

NOINLINE static void LeakInConstructor() { Escape(malloc(1233)); }
NOINLINE static void LeakInDestructor() { Escape(malloc(1451)); }
NOINLINE static void* FreedByDestructor() { return Escape(malloc(4321)); }

namespace {

struct Early {
  Early() : block(FreedByDestructor()) { LeakInConstructor(); }
  ~Early() {
    free(block);
    LeakInDestructor();
  }
  void* block;
} early;

__attribute__((constructor(101))) void FirstConstructor() { LeakInConstructor(); }

}  // namespace

int main() { return early.block == nullptr; }
