// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "libtrack/capture/age_band.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::capture {
namespace {

using leaktrack::testing::SmallProgram;
using leaktrack::testing::SortedSizes;
using leaktrack::testing::TestRun;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EncoderTest, WorkspaceIsLargeEnoughForZstd) {
  EXPECT_LE(ZSTD_estimateCCtxSize(1), RecordEncoder::kZstdWorkspaceBytes);
}

TEST(RoundTripTest, HeaderFactsComeBack) {
  TestRun run;
  run.recorder.header()->configured_interval = 4096;
  run.recorder.header()->parent_run_id = 77;
  ASSERT_TRUE(run.Create("/dev/shm/leaktrack.1.0000000000000001.ltr"));
  ASSERT_TRUE(run.Epoch(1000));
  const Capture capture = run.DecodeFile().capture;
  EXPECT_EQ(capture.process.run_id, run.recorder.header()->run_id);
  EXPECT_EQ(capture.process.parent_run_id, 77u);
  EXPECT_EQ(capture.process.host, "testhost");
  EXPECT_EQ(capture.process.command, "program --option 'a b'");
  EXPECT_EQ(capture.process.recorder_path, "/dev/shm/leaktrack.1.0000000000000001.ltr");
  EXPECT_FALSE(capture.process.recorder_was_anonymous);
  EXPECT_EQ(capture.configured_interval, 4096u);
  EXPECT_EQ(capture.major, kMajor);
  EXPECT_TRUE(capture.running);
  EXPECT_THAT(capture.damage, IsEmpty());
}

TEST(RoundTripTest, AnonymousRecorderIsSaidToBeAnonymous) {
  TestRun run;
  ASSERT_TRUE(run.Create(nullptr));
  EXPECT_TRUE(run.DecodeFile().capture.process.recorder_was_anonymous);
}

TEST(RoundTripTest, DictionaryComesBack) {
  TestRun run;
  const uint32_t app = run.recorder.AddModule("/usr/bin/app", "\x0a\xff");
  const SiteId first =
      run.recorder.AddStack({MakeFrame(app, 0x123456), MakeFrame(0, 0x7fff'0000'1234)});
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(1000));
  const SiteId second =
      run.recorder.AddStack({MakeFrame(app, 1)}, SiteKind::kMapping, kStackTruncated);
  const uint32_t plugin = run.recorder.AddModule("/plugin.so");
  run.recorder.AddHook("malloc", HookState::kActive);
  run.recorder.AddHook("mallinfo", HookState::kBypassed);
  ASSERT_TRUE(run.Epoch(2000));
  const Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.stacks.size(), 2u);
  EXPECT_THAT(capture.stacks.at(first).frames,
              ElementsAre(MakeFrame(app, 0x123456), MakeFrame(0, 0x7fff'0000'1234)));
  EXPECT_EQ(capture.stacks.at(second).kind, SiteKind::kMapping);
  EXPECT_TRUE(capture.stacks.at(second).truncated);
  ASSERT_EQ(capture.modules.size(), 2u);
  EXPECT_EQ(capture.modules[0].build_id, "0aff");
  EXPECT_EQ(capture.modules[0].path, "/usr/bin/app");
  EXPECT_EQ(capture.modules[1].number, plugin);
  EXPECT_THAT(capture.hooks, ElementsAre(std::pair("malloc", HookState::kActive),
                                         std::pair("mallinfo", HookState::kBypassed)));
}

TEST(RoundTripTest, UnloadingAModuleReachesTheFile) {
  TestRun run;
  run.recorder.AddModule("/plugin.so");
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(1000));
  RecorderView view;
  ASSERT_TRUE(view.Open(run.recorder.header(), run.recorder.bytes()));
  const_cast<ModuleEntry*>(view.Module(1))->unloaded_ms = 1500;
  ASSERT_TRUE(run.Epoch(2000));
  EXPECT_EQ(run.DecodeFile().capture.modules.at(0).unloaded_ms, 1500u);
}

TEST(RoundTripTest, SumsComeBackAsAbsoluteNumbersAtEachTime) {
  TestRun run;
  const SiteId site = run.recorder.AddStack({1});
  ASSERT_TRUE(run.Create());
  run.recorder.Birth(site, 100, 16384, 3);
  ASSERT_TRUE(run.Epoch(1000));
  ASSERT_TRUE(run.Epoch(2000));  // nothing changed
  run.recorder.Birth(site, 100, 16384, 2);
  run.recorder.Death(site, 5, 100, 16384, 1);
  ASSERT_TRUE(run.Epoch(3000));
  const Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.cells.size(), 2u);
  const CellSeries& births = capture.cells[0];
  EXPECT_EQ(births.band, kBandBirths);
  ASSERT_EQ(births.points.size(), 2u);
  EXPECT_EQ(births.points[0].time_ms, 1000u);
  EXPECT_EQ(births.points[0].samples, 3u);
  EXPECT_EQ(births.points[1].time_ms, 3000u);
  EXPECT_EQ(births.points[1].samples, 5u);
  const double p = -std::expm1(-100.0 / 16384);
  EXPECT_NEAR(births.points[1].objects, 5 / p, 1.0 / 16);
  EXPECT_NEAR(births.points[1].bytes, 500 / p, 1);
  EXPECT_NEAR(births.points[1].bytes_squared, 5 * 1e4 / p / p, 1e-6 * 5e4 / p / p);
  EXPECT_NEAR(births.points[1].variance, 5e4 * (1 - p) / p / p, 1e-6 * 5e4 / p / p);
  EXPECT_EQ(capture.cells[1].band, AgeBand(5));
}

TEST(RoundTripTest, ExactSumsComeBackExactly) {
  TestRun run;
  const SiteId site = run.recorder.AddStack({1});
  ASSERT_TRUE(run.Create());
  run.recorder.Birth(site, 1333, 1, 3);
  ASSERT_TRUE(run.Epoch(1000));
  const CellPoint point = run.DecodeFile().capture.cells.at(0).points.at(0);
  EXPECT_EQ(point.objects, 3);
  EXPECT_EQ(point.bytes, 3999);
  EXPECT_EQ(point.variance, 0);
}

TEST(RoundTripTest, MemorySamplesComeBackAndUnknownStaysUnknown) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  run.sample.cgroup_max = 512 << 20;
  run.sample.psi_some_total_us = 0;
  ASSERT_TRUE(run.Epoch(1000));
  const Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.memory.size(), 1u);
  EXPECT_EQ(capture.memory[0].rss, 1'001'000);
  EXPECT_EQ(capture.memory[0].cgroup_max, 512 << 20);
  EXPECT_EQ(capture.memory[0].psi_some_total_us, 0);
  EXPECT_EQ(capture.memory[0].swap, kNotKnown);
}

TEST(RoundTripTest, SurvivorsFollowTheLiveTable) {
  TestRun run;
  const SiteId site = run.recorder.AddStack({1});
  ASSERT_TRUE(run.Create());
  run.recorder.SetLive(3, {site, 100, 16384, 500, 9, 0});
  run.recorder.SetLive(4, {site, 200, 1, 600, 0, 0});
  run.recorder.SetMap(2, 0x7f0000000000, 1 << 20, 700, site);
  ASSERT_TRUE(run.Epoch(10'000));
  run.recorder.SetLive(4, {});
  run.recorder.SetLive(5, {site, 300, 1, 5'000, 0, 0});
  run.recorder.SetLive(6, {site, 400, 1, 10'900, 0, 0});  // too young to be recorded
  ASSERT_TRUE(run.Epoch(11'000));
  Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.survivors.size(), 3u);
  EXPECT_EQ(capture.survivors[0].size, 100u);
  EXPECT_EQ(capture.survivors[0].interval_bytes, 16384u);
  EXPECT_EQ(capture.survivors[0].birth_ms, 500u);
  EXPECT_EQ(capture.survivors[0].first_birth_ms, 0u);
  EXPECT_EQ(capture.survivors[0].chain, 9u);
  EXPECT_EQ(capture.survivors[1].size, 300u);
  EXPECT_EQ(capture.survivors[2].size, 1u << 20);
  ASSERT_TRUE(run.Epoch(11'500, EpochKind::kFinal));
  EXPECT_EQ(run.DecodeFile().capture.survivors.size(), 4u)
      << "a final epoch leaves no survivor out";
}

TEST(RoundTripTest, KeptDeathsComeBackOnceAndFreeTheirRings) {
  TestRun run;
  const SiteId site = run.recorder.AddStack({1});
  ASSERT_TRUE(run.Create());
  for (uint64_t i = 0; i < 300; ++i) {
    if (!run.recorder.PushKept(1, {site, i, 1, 10 * i, 10 * i + 40'000, 3})) {
      ASSERT_TRUE(run.Epoch(50'000 + i));
      ASSERT_TRUE(run.recorder.PushKept(1, {site, i, 1, 10 * i, 10 * i + 40'000, 3}));
    }
  }
  ASSERT_TRUE(run.Epoch(60'000));
  const Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.kept_deaths.size(), 300u);
  for (uint64_t i = 0; i < 300; ++i) {
    EXPECT_EQ(capture.kept_deaths[i].size, i);
    EXPECT_EQ(capture.kept_deaths[i].birth_ms, 10 * i);
    EXPECT_EQ(capture.kept_deaths[i].death_ms, 10 * i + 40'000);
    EXPECT_EQ(capture.kept_deaths[i].keep_probability, 1);
  }
}

TEST(RoundTripTest, KeptDeathsOverBudgetAreThinnedWithTheirProbability) {
  leaktrack::testing::RecorderSizes sizes;
  sizes.threads = 128;
  TestRun run(sizes);
  const SiteId site = run.recorder.AddStack({1});
  ASSERT_TRUE(run.Create());
  for (uint32_t ring = 0; ring < 128; ++ring) {
    for (uint64_t i = 0; i < kRingEvents; ++i)
      run.recorder.PushKept(ring, {site, 1, 1, i, 40'000, 0});
  }
  ASSERT_TRUE(run.Epoch(50'000));
  const Capture capture = run.DecodeFile().capture;
  double estimate = 0;
  for (const KeptDeath& death : capture.kept_deaths) estimate += 1 / death.keep_probability;
  // 16,384 deaths, each kept with probability 1/4: 4 sigma of the estimate is 4 * sqrt(16384 * 3) =
  // 887.
  EXPECT_LT(capture.kept_deaths.size(), 5000u);
  EXPECT_NEAR(estimate, 16384, 887);
}

TEST(RoundTripTest, SurvivorsOverBudgetAreAStatedShare) {
  leaktrack::testing::RecorderSizes sizes;
  sizes.live_slots = 160'000;
  TestRun run(sizes);
  const SiteId site = run.recorder.AddStack({1});
  for (uint32_t i = 0; i < 160'000; ++i) run.recorder.SetLive(i, {site, 100, 1, i % 1000, 0, 0});
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(10'000));
  const Capture capture = run.DecodeFile().capture;
  EXPECT_LE(capture.survivors.size(), 65'536u);
  double estimate = 0;
  for (const Survivor& survivor : capture.survivors) estimate += 1 / survivor.keep_probability;
  EXPECT_NEAR(estimate, 160'000, 4 * std::sqrt(160'000 * 3.0));
  EXPECT_EQ(capture.live_count, 160'000u);
}

// One share for all would leave 3 in 4 of these sites without any block.
TEST(RoundTripTest, SmallSitesKeepAllTheirBlocksBesideALargeTable) {
  leaktrack::testing::RecorderSizes sizes;
  sizes.live_slots = 160'000;
  sizes.cells = 4096;
  TestRun run(sizes);
  std::vector<SiteId> sites = {run.recorder.AddStack({1})};
  for (uint64_t i = 0; i < 60; ++i) sites.push_back(run.recorder.AddStack({2, 100 + i}));
  for (uint32_t i = 0; i < 160'000; ++i) {
    const bool small = i % 880 == 7;  // three blocks of each
    run.recorder.SetLive(i, {sites[small ? 1 + i / 880 % 60 : 0], 100, 1, i % 1000, 0, 0});
  }
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(10'000));
  for (const uint64_t now_ms : {10'000u, 11'000u}) {  // and once more by changes alone
    std::map<SiteId, double> seen, weighed;
    for (const Survivor& survivor : run.DecodeFile().capture.survivors) {
      ++seen[survivor.site];
      weighed[survivor.site] += 1 / survivor.keep_probability;
    }
    for (size_t i = 1; i < sites.size(); ++i) {
      EXPECT_GE(seen[sites[i]], 3) << "small site " << i;
      EXPECT_EQ(seen[sites[i]], weighed[sites[i]]) << "stand for themselves";
    }
    EXPECT_LT(seen[sites[0]], 65'536);
    EXPECT_NEAR(weighed[sites[0]], 159'820, 4 * std::sqrt(159'820 * 3.0));
    run.recorder.SetLive(7, {sites[1], 200, 1, 2'000, 0, 0});
    ASSERT_TRUE(run.Epoch(now_ms + 1000));
  }
}

TEST(RoundTripTest, StatusComesBack) {
  TestRun run;
  RecorderHeader& header = *run.recorder.header();
  ASSERT_TRUE(run.Create());
  header.losses[kLostFrees] = 7;
  header.thinned_total = 8;
  header.interval_bytes_max = 1 << 20;
  header.exact_limit_hit_ms = 99;
  header.state = static_cast<uint32_t>(RunState::kExited);
  header.end_ms = 1234;
  ASSERT_TRUE(run.Epoch(1235, EpochKind::kFinal));
  const Capture capture = run.DecodeFile().capture;
  EXPECT_EQ(capture.losses[kLostFrees], 7u);
  EXPECT_EQ(capture.thinned_total, 8u);
  EXPECT_EQ(capture.interval_max, 1u << 20);
  EXPECT_EQ(capture.exact_limit_hit_ms, 99u);
  EXPECT_EQ(capture.end_state, RunState::kExited);
  EXPECT_EQ(capture.duration_ms, 1235u);
  EXPECT_FALSE(capture.running);
  EXPECT_FALSE(capture.recorder_missing);
}

// What the file says after any number of epochs equals what the recorder says.
TEST(RoundTripTest, FileAloneAgreesWithTheRecorderForRandomPrograms) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    TestRun run;
    SmallProgram program(&run, seed);
    ASSERT_TRUE(run.Create());
    for (uint64_t second = 1; second <= 150; ++second) {
      program.Second(1000 * second);
      ASSERT_TRUE(
          run.Epoch(1000 * second, second == 150 ? EpochKind::kFinal : EpochKind::kPeriodic));
    }
    const Capture file = run.DecodeFile().capture, both = run.DecodeWithRecorder().capture;
    EXPECT_THAT(file.damage, IsEmpty());
    EXPECT_TRUE(both.recorder_used);
    EXPECT_EQ(SortedSizes(file.kept_deaths), program.pushed);
    EXPECT_EQ(SortedSizes(both.kept_deaths), program.pushed);
    ASSERT_EQ(file.survivors.size(), both.survivors.size());
    for (size_t i = 0; i < file.survivors.size(); ++i) {
      EXPECT_EQ(file.survivors[i].birth_ms, both.survivors[i].birth_ms);
      EXPECT_EQ(file.survivors[i].size, both.survivors[i].size);
      EXPECT_EQ(file.survivors[i].first_birth_ms, both.survivors[i].first_birth_ms);
    }
    ASSERT_EQ(file.cells.size(), both.cells.size());
    for (size_t i = 0; i < file.cells.size(); ++i) {
      EXPECT_EQ(file.cells[i].points.back().samples, both.cells[i].points.back().samples);
      EXPECT_EQ(file.cells[i].points.size(), both.cells[i].points.size());
    }
    EXPECT_EQ(file.epochs_lost, 0u);
  }
}

}  // namespace
}  // namespace leaktrack::capture
