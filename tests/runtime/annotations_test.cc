// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/annotations.h"

#include <gtest/gtest.h>

#include <string>

#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

MemoryReading Used(int64_t percent) {
  MemoryReading memory;
  memory.cgroup_current = percent;
  memory.cgroup_max = 100;
  return memory;
}

// The gate of a tracked process.
class PressureTest : public ::testing::Test {
 protected:
  void SetUp() override { g_filter.Open(); }
  void TearDown() override {
    g_filter.Shut();
    ForgetPressure();
  }
};

TEST_F(PressureTest, IsNotKnownBeforeTheFirstReadingAndWithoutALimit) {
  EXPECT_LT(Pressure(), 0);
  EXPECT_FALSE(UnderPressure(0));
  NotePressure(Used(50));
  NotePressure(MemoryReading{});
  EXPECT_LT(Pressure(), 0);
  EXPECT_FALSE(UnderPressure(0));
}

TEST_F(PressureTest, TheBreakerHoldsUntilTheUseHasFallenByItsPlay) {
  NotePressure(Used(79));
  EXPECT_FALSE(UnderPressure(.8));
  NotePressure(Used(81));
  EXPECT_TRUE(UnderPressure(.8));
  for (const int64_t percent : {79, 77, 79, 76}) {
    NotePressure(Used(percent));
    EXPECT_TRUE(UnderPressure(.8)) << percent;
  }
  NotePressure(Used(74));
  EXPECT_FALSE(UnderPressure(.8));
  NotePressure(Used(79));
  EXPECT_FALSE(UnderPressure(.8)) << "it does not come back below the threshold";
  EXPECT_TRUE(UnderPressure(.75)) << "each threshold has its own history";
  NotePressure(Used(80));
  EXPECT_TRUE(UnderPressure(.8));
}

TEST_F(PressureTest, OutsideARunThereIsNone) {
  NotePressure(Used(99));
  g_filter.Shut();
  EXPECT_LT(Pressure(), 0);
  EXPECT_FALSE(UnderPressure(.5));
}

TEST(UseOfLimitTest, TakesTheLimitThatKillsFirst) {
  MemoryReading memory;
  memory.machine_total = 1000;
  memory.machine_available = 250;
  EXPECT_DOUBLE_EQ(UseOfLimit(memory), .75);
  memory.rss = 300;
  memory.rlimit_as = 400;
  EXPECT_DOUBLE_EQ(UseOfLimit(memory), .75);
  memory.cgroup_current = 10;
  memory.cgroup_max = 100;
  EXPECT_DOUBLE_EQ(UseOfLimit(memory), .1);
}

TEST(PoolNamesTest, OneNameIsOnePoolAndThereIsAnEndOfNames) {
  const uint32_t first = FindOrCreatePool("a");
  EXPECT_NE(first, 0u);
  EXPECT_EQ(FindOrCreatePool("a"), first);
  const uint32_t cut = FindOrCreatePool(std::string(50, 'x').c_str());
  EXPECT_EQ(FindOrCreatePool(std::string(60, 'x').c_str()), cut) << "36 bytes are kept";
  for (uint32_t i = 0; i < 2 * kMaxPools; ++i) (void)FindOrCreatePool(std::to_string(i).c_str());
  EXPECT_EQ(FindOrCreatePool("one too many"), 0u);
  EXPECT_EQ(FindOrCreatePool("a"), first);
  EXPECT_FALSE(AnnouncePool(first)) << "there is no run to announce it in";
  EXPECT_FALSE(AnnouncePool(kMaxPools + 1));
}

TEST(OutsideARunTest, NothingThatAProgramSaysIsHeard) {
  EXPECT_EQ(BeginPhase("p"), 0u);
  EndPhase(1);
  SetPhase("p");
  AddWork(1);
  TakeSnapshot("s");
}

}  // namespace
}  // namespace leaktrack::track
