// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/allocators.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {
namespace {

TEST(AllocatorsTest, EachIsFoundByItsNameAndItsLibrary) {
  std::set<std::string> names;
  for (const AllocatorFacts& one : kAllocators) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_EQ(AllocatorNamed(one.name), one.allocator);
    EXPECT_STREQ(AllocatorName(one.allocator), one.name);
    if (one.library.empty()) continue;
    EXPECT_EQ(AllocatorOfLibrary(std::string(one.library) + ".so.2"), one.allocator);
  }
}

TEST(AllocatorsTest, EveryNumberHasALine) {
  for (int i = 1; i <= static_cast<int>(Allocator::kScudo); ++i)
    EXPECT_STRNE(AllocatorName(static_cast<Allocator>(i)), "") << i;
}

TEST(AllocatorsTest, WhatIsNotKnownIsUnknown) {
  EXPECT_STREQ(AllocatorName(Allocator::kUnknown), "");
  EXPECT_EQ(AllocatorNamed(""), Allocator::kUnknown);
  EXPECT_EQ(AllocatorNamed("jemalloc2"), Allocator::kUnknown);
  EXPECT_EQ(AllocatorOfLibrary("libc.so.6"), Allocator::kUnknown);
  EXPECT_EQ(AllocatorOfLibrary("libjem"), Allocator::kUnknown);
}

TEST(AllocatorsTest, NamesThatCapturesHoldFitTheHeader) {
  for (const AllocatorFacts& one : kAllocators) {
    if (one.told_by == nullptr) continue;
    EXPECT_LT(std::string(one.name).size(), sizeof(RecorderHeader::allocator)) << one.name;
  }
}

}  // namespace
}  // namespace leaktrack::capture
