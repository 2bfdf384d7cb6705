// SPDX-License-Identifier: Apache-2.0
//
// operator new and delete behind the hooks, forwarded to whoever has them: libstdc++, which goes
// through malloc and is counted there, or a sanitizer, under which nothing is tracked. An allocator
// that brings its own is tested with whole programs (tests/e2e/allocators).
#include "libtrack/wrap/operators.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

constexpr size_t kBytes = 100, kAlignment = 256;
const auto kTag = reinterpret_cast<size_t>(&std::nothrow);

// A form of new with a form of delete that may end its blocks, and the arguments of both.
struct Pair {
  const char* name;
  NewForm make;
  size_t alignment;  // or the tag of a form without alignment
  DeleteForm end;
  size_t a, b;
};
const Pair kPairs[] = {
    {"new", kNew, 0, kDelete, 0, 0},
    {"new, sized delete", kNew, 0, kDeleteSized, kBytes, 0},
    {"nothrow", kNewNothrow, kTag, kDeleteNothrow, kTag, 0},
    {"array", kNewArray, 0, kDeleteArray, 0, 0},
    {"array, sized delete", kNewArray, 0, kDeleteArraySized, kBytes, 0},
    {"array, nothrow", kNewArrayNothrow, kTag, kDeleteArrayNothrow, kTag, 0},
    {"aligned", kNewAligned, kAlignment, kDeleteAligned, kAlignment, 0},
    {"aligned, sized delete", kNewAligned, kAlignment, kDeleteSizedAligned, kBytes, kAlignment},
    {"aligned, nothrow", kNewAlignedNothrow, kAlignment, kDeleteAlignedNothrow, kAlignment, kTag},
    {"aligned array", kNewArrayAligned, kAlignment, kDeleteArrayAligned, kAlignment, 0},
    {"aligned array, sized delete", kNewArrayAligned, kAlignment, kDeleteArraySizedAligned, kBytes,
     kAlignment},
    {"aligned array, nothrow", kNewArrayAlignedNothrow, kAlignment, kDeleteArrayAlignedNothrow,
     kAlignment, kTag},
};

class OperatorsTest : public ::testing::Test {
 protected:
  static void* Make(const Pair& pair) {
    return g_new[pair.make](kBytes, pair.alignment, &std::nothrow);
  }
  static void End(const Pair& pair, void* block) { g_delete[pair.end](block, pair.a, pair.b); }

  TrackedRun run_;
};

TEST_F(OperatorsTest, EachFormGivesMemoryTakesItBackAndIsNotCountedHere) {
  for (const Pair& pair : kPairs) {
    SCOPED_TRACE(pair.name);
    for (int call = 0; call < 2; ++call) {  // the first one finds out where to go
      void* const block = Make(pair);
      ASSERT_NE(block, nullptr);
      std::memset(block, 1, kBytes);
      if (pair.alignment == kAlignment) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kAlignment, 0u);
      }
      End(pair, block);
    }
  }
  EXPECT_EQ(made::g_script.frees, 0) << "each block goes back where it came from";
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(OperatorsTest, WhatWasFoundForAllCallersOutlivesThatCallersAreForgotten) {
  End(kPairs[0], Make(kPairs[0]));
  const OperatorNew found = g_new[kNew];
  ForgetCallersOfOperators();
  EXPECT_EQ(g_new[kNew], found);
  End(kPairs[0], Make(kPairs[0]));
}

}  // namespace
}  // namespace leaktrack::track
