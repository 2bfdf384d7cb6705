// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/graph/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "tests/support/made_memory.h"
#include "tools/witness/heaps/glibc_heap.h"

namespace leaktrack::witness {
namespace {

using leaktrack::testing::MadeHeap;
using leaktrack::testing::MadeMemory;

Root Words(RootKind kind, std::vector<uint64_t> words) {
  Root root;
  root.kind = kind;
  root.words = std::move(words);
  return root;
}

class ReachTest : public ::testing::Test {
 protected:
  void Find(const std::vector<Root>& roots) {
    MadeMemory memory;
    made_.Finish(memory);
    std::vector<Range> own;
    heap_ = ReadGlibcHeap(memory, HeapLimits(), {}, own);
    reach_ = FindReach(memory, heap_, roots);
  }

  uint32_t ParentOf(uint64_t address) const { return reach_.parent[heap_.Find(address)]; }
  // The number of the root that `address` was reached from; none: through a block.
  uint32_t RootOf(uint64_t address) const {
    const uint32_t parent = ParentOf(address);
    return (parent & kByRoot) == 0 ? kNoBlock : reach_.words[parent & ~kByRoot].root;
  }

  MadeHeap made_;
  Heap heap_;
  Reach reach_;
};

TEST_F(ReachTest, WhatTheStackHoldsIsNotHeldByACacheThatListedItBefore) {
  const uint64_t cache = made_.Add(kCacheBytes), reused = made_.Add(40), behind = made_.Add(40);
  made_.Word(cache + 128 + 8) = reused;  // in a list, but the counters say that it is empty
  made_.Word(reused) = behind;
  Find({Words(RootKind::kThreadLocal, {cache}), Words(RootKind::kStack, {reused})});
  EXPECT_EQ(RootOf(reused), 1u);
  EXPECT_EQ(ParentOf(behind), heap_.Find(reused));
}

TEST_F(ReachTest, WhatOnlyACacheListsIsNotLost) {
  const uint64_t cache = made_.Add(kCacheBytes), listed = made_.Add(40);
  made_.Word(cache + 128 + 8) = listed;
  Find({Words(RootKind::kThreadLocal, {cache})});
  EXPECT_EQ(ParentOf(listed), heap_.Find(cache));
}

TEST_F(ReachTest, RootsOfModulesNameAHolderBeforeStacksDo) {
  const uint64_t block = made_.Add(40);
  Find({Words(RootKind::kStack, {block}), Words(RootKind::kGlobal, {block})});
  EXPECT_EQ(RootOf(block), 1u);
}

TEST_F(ReachTest, PartsLostBlocksIntoHeadsAndWhatHangsOnThem) {
  const uint64_t head = made_.Add(40), child = made_.Add(40), held = made_.Add(40);
  made_.Word(head) = child;
  Find({Words(RootKind::kGlobal, {held + 8})});
  EXPECT_FALSE(reach_.IsReached(heap_.Find(head)));
  EXPECT_EQ(reach_.head[heap_.Find(child)], heap_.Find(head));
  EXPECT_TRUE(reach_.only_inside[heap_.Find(held)]);
}

TEST_F(ReachTest, OneBlockOfALostRingIsTheHeadOfAll) {
  const uint64_t a = made_.Add(40), b = made_.Add(40), c = made_.Add(40);
  made_.Word(a) = b;
  made_.Word(b) = c;
  made_.Word(c) = a;
  Find({});
  EXPECT_EQ(reach_.head[heap_.Find(a)], reach_.head[heap_.Find(b)]);
  EXPECT_EQ(reach_.head[heap_.Find(a)], reach_.head[heap_.Find(c)]);
}

}  // namespace
}  // namespace leaktrack::witness
