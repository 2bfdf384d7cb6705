// SPDX-License-Identifier: Apache-2.0
// std::bad_alloc leaves operator new through our hook. The new-handler runs inside it and may throw
// or allocate. Afterwards the thread records as before.
// EXPECT: end exited
// EXPECT: live LeakAfterwards 4 objects 7012 bytes
// EXPECT: absent Refused
#include <cstddef>
#include <cstdint>
#include <new>

#include "program.h"

static volatile size_t huge = PTRDIFF_MAX;
static int handled;

struct Gone {};

NOINLINE static void Refused() { Escape(operator new(huge)); }
NOINLINE static void LeakAfterwards() { Escape(operator new(1753)); }

static void Handler() {
  free(Escape(malloc(64)));
  if (++handled % 3 == 0) throw Gone();
}

int main() {
  for (int i = 0; i < 1000; ++i) {
    bool caught = false;
    try {
      Refused();
    } catch (const std::bad_alloc&) {
      caught = true;
    }
    REQUIRE(caught && operator new(huge, std::nothrow) == nullptr);
  }
  std::set_new_handler(Handler);
  for (int i = 0; i < 1000; ++i) {
    bool caught = false;
    try {
      Refused();
    } catch (const Gone&) {
      caught = true;
    }
    REQUIRE(caught);
  }
  std::set_new_handler(nullptr);
  for (int i = 0; i < 4; ++i) LeakAfterwards();
  return 0;
}
