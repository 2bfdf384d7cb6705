// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/filter.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <unordered_set>

namespace leaktrack::track {
namespace {

void* Ptr(uintptr_t block) { return reinterpret_cast<void*>(block); }

TEST(FilterTest, NoTrackedBlockIsEverMissed) {
  auto filter = std::make_unique<Filter>();
  for (uintptr_t i = 1; i <= 32'768; ++i) filter->Raise(Ptr(i * 1'040));
  for (uintptr_t i = 1; i <= 32'768; ++i) ASSERT_TRUE(filter->MayBeTracked(Ptr(i * 1'040)));
  for (uintptr_t i = 1; i <= 32'768; ++i) filter->Lower(Ptr(i * 1'040));
  for (uintptr_t i = 1; i <= 32'768; ++i) ASSERT_FALSE(filter->MayBeTracked(Ptr(i * 1'040)));
}

TEST(FilterTest, AFullLiveTableLetsOneForeignFreeInFourteenThrough) {
  auto filter = std::make_unique<Filter>();
  for (uintptr_t i = 1; i <= 32'768; ++i) filter->Raise(Ptr(0x7f00'0000'0000 + i * 1'040));
  int wrong = 0;
  for (uintptr_t i = 1; i <= 100'000; ++i)
    wrong += filter->MayBeTracked(Ptr(0x5500'0000'0000 + i * 48));
  EXPECT_LT(wrong, 7'500);
  EXPECT_GT(wrong, 4'500);
}

TEST(FilterTest, BlocksAtPowersOfTwoAreToldApartAsWell) {
  // For a larger block the free does not notice a look into the table.
  for (unsigned shift = 4; shift <= 14; ++shift) {
    auto filter = std::make_unique<Filter>();
    std::mt19937_64 random(shift);
    std::unordered_set<uintptr_t> tracked;
    const auto any = [&] { return 0x7f00'0000'0000 + ((random() % 1'000'000) << shift); };
    while (tracked.size() < 32'768) {
      const uintptr_t block = any();
      if (tracked.insert(block).second) filter->Raise(Ptr(block));
    }
    int wrong = 0, asked = 0;
    for (int i = 0; i < 20'000; ++i) {
      const uintptr_t block = any();
      if (tracked.contains(block)) continue;
      ++asked;
      wrong += filter->MayBeTracked(Ptr(block));
    }
    EXPECT_LT(wrong, asked / (shift == 4 ? 6 : 10)) << "of blocks of " << (1 << shift) << " bytes";
  }
}

TEST(FilterTest, ATrackedBlockLetsItsNeighboursWithin64BytesThroughAndNoOthers) {
  auto filter = std::make_unique<Filter>();
  filter->Raise(Ptr(0x5500'0000'1000));
  int through = 0;
  for (uintptr_t block = 0x5500'0000'0000; block < 0x5500'0000'2000; block += 16)
    through += filter->MayBeTracked(Ptr(block));
  EXPECT_EQ(through, 4);
}

TEST(FilterTest, ASaturatedCounterSticks) {
  auto filter = std::make_unique<Filter>();
  for (int i = 0; i < 300; ++i) filter->Raise(Ptr(64));
  for (int i = 0; i < 300; ++i) filter->Lower(Ptr(64));
  EXPECT_TRUE(filter->MayBeTracked(Ptr(64)));
}

TEST(FilterTest, ZeroStaysZero) {
  auto filter = std::make_unique<Filter>();
  filter->Lower(Ptr(64));
  EXPECT_FALSE(filter->MayBeTracked(Ptr(64)));
}

TEST(FilterTest, ExactModeLetsEveryFreeThroughForGood) {
  auto filter = std::make_unique<Filter>();
  filter->RaiseAllForGood();
  filter->Lower(Ptr(4'096));
  EXPECT_TRUE(filter->MayBeTracked(Ptr(4'096)));
}

TEST(FilterTest, AForkChildFindsItEmptyAndShutByItself) {
  auto filter = std::make_unique<Filter>();
  ASSERT_EQ(madvise(filter.get(), sizeof(Filter), MADV_WIPEONFORK), 0);
  filter->Raise(Ptr(64));
  filter->Open();
  const pid_t child = fork();
  if (child == 0) _exit(filter->is_open() || filter->MayBeTracked(Ptr(64)) ? 1 : 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(filter->is_open() && filter->MayBeTracked(Ptr(64)));
}

}  // namespace
}  // namespace leaktrack::track
