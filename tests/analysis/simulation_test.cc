// SPDX-License-Identifier: Apache-2.0
//
// The verdicts on a few simulated programs: the short form of bench/verdicts. It is seeded, so its
// result is always the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <vector>

#include "bench/verdicts/scenarios.h"
#include "bench/verdicts/tables.h"
#include "bench/verdicts/tracked_run.h"

namespace leaktrack::verdicts {
namespace {

constexpr uint64_t kSeed = 40'000;  // outside all other ranges of seeds

TEST(SimulationTest, WhatTheLibraryWritesHoldsEverySampledBlock) {
  Program program = MakeProgram({.hours = 1, .interval = 512 << 10, .scale = .2}, kSeed);
  TrackedRun run(program, kSeed);
  const capture::Capture capture = run.Finish();
  ASSERT_TRUE(capture.damage.empty());
  ASSERT_EQ(capture.thinned_total, 0u) << "this little is thinned by nobody";
  const auto survivors = std::ranges::count_if(
      program.blocks, [&](const Block& b) { return b.death_ms >= program.end_ms; });
  EXPECT_EQ(capture.samples_total, program.blocks.size());
  EXPECT_EQ(capture.survivors.size(), static_cast<size_t>(survivors));
}

TEST(SimulationTest, FewHealthySitesAreAccusedAndMostLeaksAreFound) {
  Results results{{{"1 h, 64 KiB", {}}, {"24 h, 512 KiB", {}}}, {}, {}, {}};
  Score score;
  for (const uint64_t seed : {kSeed, kSeed + 1}) {
    results.rows[0].score.Add(RunScenario({.hours = 1, .interval = 64 << 10}, seed));
    results.rows[1].score.Add(RunScenario({.hours = 24, .interval = 512 << 10}, seed));
  }
  for (const Row& row : results.rows) score.Add(row.score);
  std::cout << AsText(results);  // so that the log of a failed run shows where it went wrong
  EXPECT_GT(score.site_windows, 7000);
  EXPECT_LE(score.false_leaks, 1) << "of " << score.true_leaks + score.false_leaks;
  EXPECT_GE(score.true_leaks + score.true_suspects, 20);
  EXPECT_GE(score.recall_64.value(), .5);
  EXPECT_GE(score.named_64.value(), .8) << "named as growing, whatever the probability";
  EXPECT_GE(score.first.value(), .95);
  EXPECT_GE(score.class_of_leaks.value(), .9);
}

TEST(SimulationTest, OfTheSitesCalledProbableLeaksAsManyLeakAsIsSaid) {
  std::vector<CalibrationEntry> entries;
  for (uint32_t population = 0; population < 2; ++population) {
    for (uint32_t i = 0; i < 8; ++i) {
      for (CalibrationEntry& entry : RunCalibration(population, i, kSeed + i)) {
        entry.chosen = true;  // all looks: the short form has few programs
        entries.push_back(std::move(entry));
      }
    }
  }
  std::cout << AsText(Results{{}, {}, {}, entries});
  for (const Bin& bin : Reliability(entries, 300)) EXPECT_NEAR(bin.Off(), 0, .15) << bin.low;
}

TEST(SimulationTest, ALeakIsSuspectedBeforeItHasLostFortyIntervals) {
  const FirstSuspicion looks = RunLooks(6, 64 << 10, kSeed);
  ASSERT_EQ(looks.leaked.size(), 20u);
  std::cout << AsText(Results{{}, {{"6 h, 64 KiB", looks}}, {}, {}});
  EXPECT_LE(Quantile(looks.leaked, .5), 40);
}

TEST(SimulationTest, TheTimeToTheLimitIsForetold) {
  Forecasts forecasts;
  for (uint64_t i = 0; i < 8; ++i) forecasts.Add(RunForecast(6, 64 << 10, kSeed + i));
  std::cout << AsText(Results{{}, {}, {{"6 h, 64 KiB", forecasts}}, {}});
  EXPECT_EQ(forecasts.without, 0);
  EXPECT_LE(Quantile(forecasts.errors, .5), .1);
}

}  // namespace
}  // namespace leaktrack::verdicts
