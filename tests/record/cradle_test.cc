// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/cradle.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace leaktrack::track {
namespace {

using capture::Frame;
using capture::SiteKind;

class CradleTest : public testing::Test {
 protected:
  // Memory that is only zero-filled, as in the process.
  CradleTest()
      : memory_(new std::array<char, sizeof(Cradle)>{}),
        cradle_(*reinterpret_cast<Cradle*>(memory_->data())) {}

  static const void* At(uintptr_t address) { return reinterpret_cast<const void*>(address); }
  bool Add(uintptr_t address, uint64_t now_ms = 1, std::vector<Frame> frames = {1, 2, 3}) {
    return cradle_.Add(At(address), 100, now_ms, {SiteKind::kHeap, frames, false});
  }
  Cradle::State Take(uintptr_t address, uint64_t now_ms = 2) {
    return cradle_.Take(At(address), now_ms, &taken_);
  }

  std::unique_ptr<std::array<char, sizeof(Cradle)>> memory_;
  Cradle& cradle_;
  Cradle::Block* taken_ = nullptr;
};

TEST_F(CradleTest, KeepsABlockWithItsStackAndTime) {
  ASSERT_TRUE(Add(0x1000, 7, {4, 5}));
  ASSERT_EQ(cradle_.count(), 1u);
  const Cradle::Block& block = cradle_.block(0);
  EXPECT_EQ(block.address(), 0x1000u);
  EXPECT_EQ(block.size, 100u);
  EXPECT_EQ(block.born_ms, 7u);
  const StackDepot::Stack stack = cradle_.StackOf(block);
  EXPECT_EQ(std::vector<Frame>(stack.frames.begin(), stack.frames.end()),
            (std::vector<Frame>{4, 5}));
  EXPECT_EQ(stack.fold, FoldFrames(stack.frames));
}

TEST_F(CradleTest, ABlockEndsOnce) {
  ASSERT_TRUE(Add(0x1000));
  EXPECT_EQ(Take(0x2000), Cradle::kNone);
  EXPECT_EQ(Take(0x1000, 9), Cradle::kEnded);
  ASSERT_NE(taken_, nullptr);
  EXPECT_EQ(taken_->ended_ms.load(), 9u);
  EXPECT_EQ(Take(0x1000), Cradle::kNone);
}

TEST_F(CradleTest, OfTwoBlocksAtOneAddressTheLaterOneLives) {
  ASSERT_TRUE(Add(0x1000, 1));
  ASSERT_EQ(Take(0x1000), Cradle::kEnded);
  ASSERT_TRUE(Add(0x1000, 5));
  ASSERT_EQ(Take(0x1000), Cradle::kEnded);
  EXPECT_EQ(taken_->born_ms, 5u);
}

TEST_F(CradleTest, S2_ABlockThatReallocLeftLivesOn) {
  ASSERT_TRUE(Add(0x1000));
  ASSERT_EQ(Take(0x1000), Cradle::kEnded);
  Cradle::PutBack(*taken_);
  EXPECT_TRUE(Cradle::Move(cradle_.block(0)));
}

TEST_F(CradleTest, WhatHasMovedIsTheRuns) {
  ASSERT_TRUE(Add(0x1000));
  EXPECT_TRUE(Cradle::Move(cradle_.block(0)));
  EXPECT_EQ(Take(0x1000), Cradle::kMoved);
}

TEST_F(CradleTest, WhatHasEndedDoesNotMove) {
  ASSERT_TRUE(Add(0x1000));
  ASSERT_EQ(Take(0x1000), Cradle::kEnded);
  EXPECT_FALSE(Cradle::Move(cradle_.block(0)));
}

TEST_F(CradleTest, RefusesWhatHasNoRoomAndChangesNothing) {
  for (uint32_t i = 0; i < Cradle::kMostBlocks; ++i) ASSERT_TRUE(Add(0x1000 + i * 16));
  EXPECT_FALSE(Add(0x10));
  EXPECT_EQ(cradle_.count(), Cradle::kMostBlocks);
  EXPECT_EQ(Take(0x10), Cradle::kNone);
}

TEST_F(CradleTest, RefusesAStackThatHasNoRoom) {
  const std::vector<Frame> deep(128, 7);
  uint32_t kept = 0;
  while (Add(0x1000 + kept * 16, 1, deep)) ++kept;
  EXPECT_EQ(kept, Cradle::kMostFrames / 128);
  EXPECT_TRUE(Add(0x10, 1, {}));
}

TEST_F(CradleTest, ABlockEndsHereOrMovesButNotBoth) {
  for (uint32_t i = 0; i < Cradle::kMostBlocks; ++i) ASSERT_TRUE(Add(0x1000 + i * 16));
  uint32_t moved = 0, ended = 0, found_moved = 0;
  std::thread birth([&] {
    for (uint32_t i = 0; i < Cradle::kMostBlocks; ++i) moved += Cradle::Move(cradle_.block(i));
  });
  for (uint32_t i = Cradle::kMostBlocks; i > 0; --i) {
    const Cradle::State state = Take(0x1000 + (i - 1) * 16);
    ended += state == Cradle::kEnded;
    found_moved += state == Cradle::kMoved;
  }
  birth.join();
  EXPECT_EQ(ended + found_moved, Cradle::kMostBlocks);
  EXPECT_EQ(moved, found_moved);
}

}  // namespace
}  // namespace leaktrack::track
