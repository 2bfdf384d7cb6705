// SPDX-License-Identifier: Apache-2.0
//
// Long runs in simulated time. The file stays small, and what falls out of a fine ring is in a
// coarser one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "libtrack/capture/age_band.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::capture {
namespace {

using leaktrack::testing::TestRun;

constexpr uint64_t kMiB = 1 << 20;

void ExpectIncreasing(const CellSeries& series) {
  for (size_t i = 1; i < series.points.size(); ++i) {
    ASSERT_LT(series.points[i - 1].time_ms, series.points[i].time_ms);
    ASSERT_LE(series.points[i - 1].samples, series.points[i].samples);
  }
}

TEST(RingsTest, ABusyHourStaysBelowFiveMiB) {
  constexpr uint32_t kSites = 500, kBirths = 2000, kLive = 16'384;
  leaktrack::testing::RecorderSizes sizes;
  sizes.cells = 8192;
  sizes.live_slots = kLive;
  TestRun run(sizes);
  std::vector<SiteId> sites;
  for (uint64_t i = 0; i < kSites; ++i) {
    std::vector<Frame> frames;
    for (uint64_t f = 0; f < 12; ++f)
      frames.push_back(MakeFrame(1, 0x1000 + (i * 7919 + f * 131) % 100'000));
    sites.push_back(run.recorder.AddStack(frames));
  }
  std::mt19937 random(1);
  ASSERT_TRUE(run.Create());
  for (uint64_t second = 1; second <= 3600; ++second) {
    for (uint32_t i = 0; i < kBirths; i += 2) {
      const SiteId site = sites[random() % kSites];
      const uint64_t size = 16 + site % 1000, age = uint64_t{1} << (random() % 5 * 3);
      run.recorder.Birth(site, size, 65536, 2);
      run.recorder.Death(site, age, size, 65536, 1 + random() % 3);
      if (i % 40 == 0)
        run.recorder.SetLive(random() % kLive, {site, size, 65536, 1000 * second - 500, 0, 0});
      if (i % 100 == 0)
        run.recorder.PushKept(random() % 4,
                              {site, size, 65536, 1000 * second - 500, 1000 * second, 0});
    }
    ASSERT_TRUE(run.Epoch(1000 * second));
  }
  RecordProperty("file_bytes", static_cast<int>(run.file.bytes().size()));
  std::cout << "busy hour: " << run.file.bytes().size() << " bytes, " << run.file.writes()
            << " writes\n";
  EXPECT_LT(run.file.bytes().size(), 5 * kMiB);
  const Capture capture = run.DecodeFile().capture;
  EXPECT_TRUE(capture.damage.empty());
  ASSERT_GE(capture.cells.size(), kSites * 6u);
  for (const CellSeries& series : capture.cells) {
    ExpectIncreasing(series);
    // The first minutes are still there, at least in 512 s steps, and so are the last seconds in 1
    // s steps.
    EXPECT_LE(series.points.front().time_ms, 512'000u);
    for (size_t i = 1; i < series.points.size(); ++i) {
      EXPECT_LE(series.points[i].time_ms - series.points[i - 1].time_ms, 520'000u);
    }
    EXPECT_GE(series.points.size(), 20u);
  }
}

TEST(RingsTest, ThirtyDaysStayBelow64MiBAndKeepTheirCoarseHistory) {
  // A tick is a minute: rings turn by records, not by time.
  constexpr uint64_t kDays = 30, kStepMs = 64'000;
  leaktrack::testing::RecorderSizes sizes;
  sizes.live_slots = 128;
  TestRun run(sizes);
  std::vector<SiteId> sites;
  for (uint64_t i = 0; i < 20; ++i) sites.push_back(run.recorder.AddStack({MakeFrame(0, i)}));
  std::mt19937 random(1);
  ASSERT_TRUE(run.Create());
  const uint64_t end = kDays * 86'400'000;
  for (uint64_t now = kStepMs; now <= end; now += kStepMs) {
    for (const SiteId site : sites) {
      run.recorder.Birth(site, 100 + random() % 50, 4096);
      run.recorder.Death(site, random() % 10'000, 100, 4096);
    }
    run.recorder.SetLive(random() % 128, {sites[random() % 20], 100, 4096, now - 3000, 0, 0});
    run.recorder.PushKept(0, {sites[0], 100, 4096, now - 30'000, now, 0});
    ASSERT_TRUE(run.Epoch(now));
  }
  std::cout << "thirty days: " << run.file.bytes().size() << " bytes\n";
  EXPECT_LT(run.file.bytes().size(), 64 * kMiB);
  const Capture capture = run.DecodeFile().capture;
  EXPECT_TRUE(capture.damage.empty());
  for (const CellSeries& series : capture.cells) ExpectIncreasing(series);
  const CellSeries& births = capture.cells.front();
  EXPECT_LE(births.points.front().time_ms, LevelPeriodMs(6));
  // No gap is wider than its distance from the end allows: each ring is 8 times finer than the
  // next.
  for (size_t i = 1; i < births.points.size(); ++i) {
    EXPECT_LE(births.points[i].time_ms - births.points[i - 1].time_ms, LevelPeriodMs(6) + kStepMs);
  }
  EXPECT_EQ(births.points.back().samples, end / kStepMs);
}

TEST(RingsTest, ARecordLargerThanItsRingDoesNotOverwriteItsOwnBeginning) {
  leaktrack::testing::RecorderSizes sizes;
  sizes.cells = 60'000;
  sizes.arena_bytes = 1 << 20;
  TestRun run(sizes);
  std::vector<SiteId> sites;
  for (uint64_t i = 0; i < 20'000; ++i) sites.push_back(run.recorder.AddStack({i}));
  std::mt19937_64 random(1);
  ASSERT_TRUE(run.Create());
  for (uint64_t second = 1; second <= 4; ++second) {
    for (const SiteId site : sites) {
      run.recorder.Birth(site, 1 + random() % 100'000, 1 << 20);
      run.recorder.Death(site, 3, 1 + random() % 100'000, 1 << 20);
      run.recorder.Death(site, 3000, 1 + random() % 100'000, 1 << 20);
    }
    ASSERT_TRUE(run.Epoch(1000 * second));
  }
  const Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.cells.size(), 60'000u);
  for (const CellSeries& series : capture.cells) ASSERT_EQ(series.points.back().samples, 4u);
}

TEST(RingsTest, AnIdleRunWritesNoHistory) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  run.sample.rss = 5'000'000;
  const auto idle = [&run](uint64_t now_ms) {
    return run.memory.writer()->WriteEpoch(run.recorder.header(), run.sample, now_ms,
                                           EpochKind::kPeriodic);
  };
  for (uint64_t second = 1; second <= 60; ++second) ASSERT_TRUE(idle(1000 * second));
  EXPECT_EQ(run.DecodeFile().capture.memory.size(), 2u)
      << "one sample for each of the two fine levels";
  EXPECT_EQ(run.DecodeFile().capture.duration_ms, 60'000u);
}

TEST(RingsTest, ASmallRunMakesASmallFile) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(1000, EpochKind::kFinal));
  EXPECT_LT(run.file.bytes().size(), kHeaderBytes + 3 * kSegmentBytes);
}

}  // namespace
}  // namespace leaktrack::capture
