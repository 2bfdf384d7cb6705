// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

#include "tests/support/made_memory.h"

namespace leaktrack::witness {
namespace {

using leaktrack::testing::kMadeHeap;
using leaktrack::testing::MadeHeap;
using leaktrack::testing::MadeMemory;
using ::testing::HasSubstr;

// A process that is read once or twice.
struct Observed {
  Classes classes;
  SymbolizerOptions symbols;

  Look Core(MadeMemory& memory) {
    Look look;
    look.looks = 1;
    const Reading reading = ReadHeap(memory, HeapLimits(), symbols, classes);
    look.allocator = reading.heap.allocator;
    Judge(memory,
          {.reading = reading,
           .earlier = nullptr,
           .stands_still = true,
           .classes = classes,
           .symbols = symbols},
          look);
    return look;
  }

  Look Twice(MadeMemory& first, MadeMemory& second) {
    Look look;
    look.looks = 2;
    const Earlier earlier = Summarise(first, ReadHeap(first, HeapLimits(), symbols, classes));
    const Reading reading = ReadHeap(second, HeapLimits(), symbols, classes);
    look.allocator = reading.heap.allocator;
    Judge(second,
          {.reading = reading,
           .earlier = &earlier,
           .seconds_between = 3600,
           .classes = classes,
           .symbols = symbols},
          look);
    return look;
  }
};

const Group& OfSize(const Look& look, uint64_t bytes) {
  for (const Group& group : look.groups) {
    if (group.block_bytes == bytes) return group;
  }
  ADD_FAILURE() << "no group of " << bytes;
  return look.groups.front();
}

void MakeLost(MadeMemory& memory, uint64_t written = 7) {
  MadeHeap made;
  const uint64_t held = made.Add(40), inside = made.Add(56), below = made.Add(72);
  const uint64_t head = made.Add(88), tail = made.Add(104);
  made.Word(held) = below;
  made.Word(head) = tail;
  made.Word(head + 8) = written;
  made.Finish(memory, {held, inside + 8});
}

TEST(Judge, PartsLostHeldAndPossibleAsValgrindDoes) {
  MadeMemory memory;
  MakeLost(memory);
  Observed observed;
  const Look look = observed.Core(memory);
  EXPECT_EQ(OfSize(look, 40).memory.verdict, MemoryVerdict::kHeld);
  EXPECT_EQ(OfSize(look, 56).memory.possible, 1u);
  EXPECT_EQ(OfSize(look, 72).memory.verdict, MemoryVerdict::kHeld);
  EXPECT_EQ(OfSize(look, 88).memory.verdict, MemoryVerdict::kLost);
  EXPECT_EQ(OfSize(look, 88).memory.definite, 1u);
  EXPECT_EQ(OfSize(look, 104).memory.indirect, 1u);
  EXPECT_EQ(look.lost, 88u + 104u);
  EXPECT_EQ(look.conclusion, Conclusion::kLeak);
}

TEST(Judge, CallsARingLostOnce) {
  MadeHeap made;
  const uint64_t tail = made.Add(24), a = made.Add(40), b = made.Add(40);
  made.Word(a) = b;
  made.Word(b) = a;
  made.Word(b + 8) = tail;
  MadeMemory memory;
  made.Finish(memory);
  Observed observed;
  const Look look = observed.Core(memory);
  EXPECT_EQ(OfSize(look, 40).memory.definite, 1u);
  EXPECT_EQ(OfSize(look, 40).memory.indirect, 1u);
  EXPECT_EQ(OfSize(look, 24).memory.indirect, 1u);
}

TEST(Judge, OneLookAtARunningProcessCallsNothingLost) {
  MadeMemory memory;
  MakeLost(memory);
  Observed observed;
  Look look;
  const Reading reading = ReadHeap(memory, HeapLimits(), observed.symbols, observed.classes);
  Judge(memory,
        {.reading = reading,
         .earlier = nullptr,
         .classes = observed.classes,
         .symbols = observed.symbols},
        look);
  EXPECT_EQ(look.lost, 0u);
  EXPECT_THAT(OfSize(look, 88).memory.reason, HasSubstr("takes two"));
}

TEST(Judge, TwoLooksThatAgreeCallItLost) {
  MadeMemory first, second;
  MakeLost(first);
  MakeLost(second);
  Observed observed;
  EXPECT_EQ(observed.Twice(first, second).lost, 88u + 104u);
}

TEST(Judge, WhatWasWrittenToBetweenTheLooksIsNotLost) {
  MadeMemory first, second;
  MakeLost(first, 7);
  MakeLost(second, 8);
  Observed observed;
  const Look look = observed.Twice(first, second);
  EXPECT_EQ(OfSize(look, 88).memory.verdict, MemoryVerdict::kUnknown);
  EXPECT_EQ(OfSize(look, 104).memory.verdict, MemoryVerdict::kLost);
}

TEST(Judge, FewHeadsMayBeInRegistersThatWereNotRead) {
  MadeMemory first, second;
  MakeLost(first);
  MakeLost(second);
  for (MadeMemory* one : {&first, &second}) {
    Thread thread;
    thread.tid = 1;
    thread.stack_pointer = 0x1000;
    one->AddThread(thread);
  }
  Observed observed;
  const Look look = observed.Twice(first, second);
  EXPECT_EQ(look.lost, 0u);
  EXPECT_THAT(OfSize(look, 88).memory.reason, HasSubstr("registers"));
}

TEST(Judge, RegistersAndTheKernelHoldBlocks) {
  for (const bool by_kernel : {false, true}) {
    MadeHeap made;
    const uint64_t block = made.Add(40);
    MadeMemory memory;
    made.Finish(memory);
    Thread thread;
    thread.has_registers = true;
    if (by_kernel)
      memory.AddKernelWord(block);
    else
      thread.registers = {block};
    memory.AddThread(thread);
    Observed observed;
    const Look look = observed.Core(memory);
    EXPECT_EQ(look.lost, 0u);
    EXPECT_EQ(OfSize(look, 40).memory.holders.at(0).kind,
              by_kernel ? HolderKind::kKernel : HolderKind::kStack);
  }
}

void MakeMany(MadeMemory& memory, size_t count) {
  MadeHeap made(1 << 20);
  uint64_t last = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t block = made.Add(1000);
    made.Word(block) = last;
    last = block;
  }
  made.Finish(memory, {last});
}

TEST(Judge, MeasuresGrowthWithItsRange) {
  MadeMemory first, second;
  MakeMany(first, 100);
  MakeMany(second, 500);
  Observed observed;
  const Look look = observed.Twice(first, second);
  const Group& group = OfSize(look, 1000);
  ASSERT_TRUE(group.growth);
  EXPECT_NEAR(group.growth->rate, 400 * 1000, 400);
  EXPECT_LT(group.growth->low, group.growth->rate);
  EXPECT_GT(group.growth->high, group.growth->rate);
  EXPECT_EQ(look.conclusion, Conclusion::kGrows);
}

TEST(Judge, WhatStaysTheSameDoesNotGrow) {
  MadeMemory first, second;
  MakeMany(first, 100);
  MakeMany(second, 100);
  Observed observed;
  const Look look = observed.Twice(first, second);
  EXPECT_EQ(OfSize(look, 1000).growth->rate, 0);
  EXPECT_EQ(look.conclusion, Conclusion::kNothing);
}

}  // namespace
}  // namespace leaktrack::witness
