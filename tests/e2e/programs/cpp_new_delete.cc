// SPDX-License-Identifier: Apache-2.0
// Every form of operator new leaks one block. Every form of operator delete gives one back.
// EXPECT: end exited
// EXPECT: live LeakPlain 1 objects 1011 bytes
// EXPECT: live LeakArray 1 objects 1012 bytes
// EXPECT: live LeakNothrow 1 objects 1013 bytes
// EXPECT: live LeakArrayNothrow 1 objects 1014 bytes
// EXPECT: live LeakAligned 1 objects 1024 bytes
// EXPECT: live LeakArrayAligned 1 objects 1088 bytes
// EXPECT: live LeakAlignedNothrow 1 objects 1152 bytes
// EXPECT: live LeakArrayAlignedNothrow 1 objects 1216 bytes
// EXPECT: absent Clean
// EXPECT: absent FailAndCatch
#include <cstddef>
#include <cstdint>
#include <new>

#include "every_delete.h"
#include "program.h"

namespace {

volatile size_t huge = PTRDIFF_MAX;

NOINLINE void LeakPlain() { Escape(::operator new(1011)); }
NOINLINE void LeakArray() { Escape(::operator new[](1012)); }
NOINLINE void LeakNothrow() { Escape(::operator new(1013, std::nothrow)); }
NOINLINE void LeakArrayNothrow() { Escape(::operator new[](1014, std::nothrow)); }
NOINLINE void LeakAligned() { Escape(::operator new(1024, kAlign)); }
NOINLINE void LeakArrayAligned() { Escape(::operator new[](1088, kAlign)); }
NOINLINE void LeakAlignedNothrow() { Escape(::operator new(1152, kAlign, std::nothrow)); }
NOINLINE void LeakArrayAlignedNothrow() { Escape(::operator new[](1216, kAlign, std::nothrow)); }

NOINLINE void Clean() { NewAndDeleteInEveryWay(); }

// bad_alloc itself is allocated, and unwinds through our caller's frames.
NOINLINE void FailAndCatch() {
  bool caught = false;
  try {
    Escape(::operator new(huge));
  } catch (const std::bad_alloc&) {
    caught = true;
  }
  REQUIRE(caught);
  REQUIRE(Escape(::operator new(huge, std::nothrow)) == nullptr);
}

}  // namespace

int main() {
  LeakPlain();
  LeakArray();
  LeakNothrow();
  LeakArrayNothrow();
  LeakAligned();
  LeakArrayAligned();
  LeakAlignedNothrow();
  LeakArrayAlignedNothrow();
  Clean();
  for (int i = 0; i < 10; ++i) FailAndCatch();
  return 0;
}
