// SPDX-License-Identifier: Apache-2.0
//
// The C++ side: scopes, counters in batches, immortal objects, pools. Built as C++20. It also runs
// without a tracker.
//
// EXPECT: live Leak 3 objects 3999 bytes
// EXPECT: live Cut 2 objects 246 bytes
// EXPECT: absent Settings
#include "leaktrack/leaktrack.hpp"
#include "program.h"

namespace {

struct Block {
  char bytes[1333];
};

NOINLINE void Leak() {
  for (int i = 0; i < 3; ++i) Escape(new Block);
}

NOINLINE Block* Settings() { return leaktrack::Immortal(new Block); }

NOINLINE char* Cut(const leaktrack::Pool& pool, char* from) { return pool.Alloc(from, 123); }

}  // namespace

int main() {
  const leaktrack::Phase phase("c++");
  leaktrack::WorkCounter work(100);
  for (int i = 0; i < 250; ++i) work.Add();
  Escape(Settings());
  Leak();
  const leaktrack::Pool pool("c++ pool");
  static char slab[1000];
  char* gone = Cut(pool, slab + 500);
  Escape(Cut(pool, slab));
  Escape(Cut(pool, slab + 123));
  pool.Free(gone);
  return 0;
}
