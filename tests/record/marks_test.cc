// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>

#include "libtrack/record/tracker.h"
#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

uintptr_t Block(uint64_t n) { return 0x7f00'0000'0000 + 64 * n; }

bool Mark(Process& process, uintptr_t block, uint64_t now_ms) {
  const NamedGuard guard(process.hot);
  return process.tracker->MakeImmortal(guard.ticket(), *process.state, Process::Ptr(block), now_ms);
}

TEST(MarksTest, AnImmortalBlockGoesOnAtASiteOfItsOwnWithTheSameFrames) {
  Process process({.exact_block_limit = 1'000}, {.interval = 1});
  const capture::SiteId site = process.Site(1);
  for (uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(process.Malloc(Block(i), 100, site, 10));
  for (uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(Mark(process, Block(i), 20));
  EXPECT_TRUE(Mark(process, Block(0), 30)) << "again";
  EXPECT_FALSE(Mark(process, Block(77), 30)) << "not one of ours";
  const Removed mortal = process.tracker->Take(Process::Ptr(Block(9)));
  const Removed marked = process.tracker->Take(Process::Ptr(Block(3)));
  EXPECT_EQ(mortal.entry.site, site);
  ASSERT_NE(marked.entry.site, site);
  EXPECT_EQ(marked.entry.size, 100u);
  const capture::StackRecord& stack = process.tracker->depot().record(marked.entry.site);
  EXPECT_EQ(stack.kind, static_cast<uint8_t>(capture::SiteKind::kImmortal));
  EXPECT_EQ(stack.frame_count, 2u);
  EXPECT_EQ(stack.frames[0], process.tracker->depot().record(site).frames[0]);
  process.tracker->PutBack(Process::Ptr(Block(9)), mortal);
  process.tracker->PutBack(Process::Ptr(Block(3)), marked);
  EXPECT_EQ(ReadBooks(process.image.view()).live.bytes, 1000.0);
  ExpectBalanced(process);
}

TEST(MarksTest, TheAccountsOfSampledBlocksStayWholeWhenTheyAreMarked) {
  Process process({}, {.interval = 4'096});
  const capture::SiteId site = process.Site(1);
  for (uint64_t i = 0; i < 20'000; ++i) (void)process.Malloc(Block(i), 100 + i % 900, site, 10);
  for (uint64_t i = 0; i < 20'000; i += 2) {
    if (process.filter->MayBeTracked(Process::Ptr(Block(i)))) Mark(process, Block(i), 20);
  }
  ExpectBalanced(process);
}

TEST(MarksTest, AllBlocksThatMatchAreEndedAndNoOthers) {
  Process process({.exact_block_limit = 20'000}, {.interval = 1});
  const capture::SiteId first = process.Site(1), second = process.Site(2);
  for (uint64_t i = 0; i < 10'000; ++i)
    ASSERT_TRUE(process.Malloc(Block(i), 8, i % 4 == 0 ? first : second, 10));
  const capture::Frame wanted = process.tracker->depot().record(first).frames[0];
  process.tracker->SettleAll(
      process.state.get(), 20,
      [](const void* frame, uintptr_t, const capture::StackRecord& site) {
        return site.frame_count != 0 &&
               site.frames[0] == *static_cast<const capture::Frame*>(frame);
      },
      &wanted);
  EXPECT_EQ(ReadBooks(process.image.view()).live.bytes, 7'500.0 * 8);
  EXPECT_FALSE(process.tracker->Take(Process::Ptr(Block(0))).found);
  EXPECT_TRUE(process.tracker->Take(Process::Ptr(Block(1))).found);
}

}  // namespace
}  // namespace leaktrack::track
