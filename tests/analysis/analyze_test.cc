// SPDX-License-Identifier: Apache-2.0
//
// Programs of known behaviour, and what must be said about them. The seeds are not those on which
// the thresholds were set.
#include "tools/analysis/analyze.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/analysis/synthetic.h"
#include "tools/analysis/detect/judge.h"

namespace leaktrack {
namespace {

using testing::kForever;
using testing::Program;

constexpr uint64_t kFirstSeed = 90100;
constexpr double kInterval = 16384;

const SiteResult* Find(const Analysis& analysis, const std::string& function) {
  for (const SiteResult& site : analysis.sites) {
    if (!site.stack.empty() && site.stack[site.blame].function == function) return &site;
  }
  return nullptr;
}

int Accused(const Analysis& analysis) {
  int count = 0;
  for (const SiteResult& site : analysis.sites) count += site.significant;
  return count;
}

struct Tally {
  int grown = 0;  // runs in which any site was
  Trend last = Trend::kInsufficient;
};

// Runs the population with several seeds. A flat population must never be accused.
Tally Over(int seeds, double seconds, const std::function<void(Program&, capture::SiteId)>& fill) {
  Tally tally;
  for (int i = 0; i < seeds; ++i) {
    Program program(seconds, kInterval, kFirstSeed + static_cast<uint64_t>(i));
    fill(program, program.Site({"malloc", "Grow", "Serve", "main"}));
    const Analysis analysis = Analyze(program.Build(), program.symbolizer);
    tally.grown += Accused(analysis) > 0;
    if (!analysis.sites.empty()) tally.last = analysis.sites[0].trend;
  }
  return tally;
}

TEST(AnalyzeTest, FindsASteadyLeakOf64Intervals) {
  // 64 T in 20 s, in blocks of 1 KiB.
  const Tally tally =
      Over(40, 20, [](Program& p, capture::SiteId s) { p.Stream(s, 51.2, 1024, kForever); });
  EXPECT_GE(tally.grown, 36);
}

TEST(AnalyzeTest, IsCertainOfASteadyLeakOf128Intervals) {
  const Tally tally =
      Over(40, 20, [](Program& p, capture::SiteId s) { p.Stream(s, 102.4, 1024, kForever); });
  EXPECT_EQ(tally.grown, 40);
  EXPECT_EQ(tally.last, Trend::kLinear);
}

TEST(AnalyzeTest, AccusesNoChurn) {
  for (const double life : {0.01, 0.3, 2.0, 5.0}) {
    const Tally tally =
        Over(40, 20, [&](Program& p, capture::SiteId s) { p.Stream(s, 3000, 1024, life); });
    EXPECT_EQ(tally.grown, 0) << life;
  }
}

TEST(AnalyzeTest, AccusesNoStartup) {
  const Tally tally =
      Over(40, 20, [](Program& p, capture::SiteId s) { p.Stream(s, 5000, 2048, kForever, 0, 2); });
  EXPECT_EQ(tally.grown, 0);
  EXPECT_EQ(tally.last, Trend::kStartup);
}

TEST(AnalyzeTest, StartupBlocksDoNotVouchForSessionsOfTheSameSite) {
  const Tally tally = Over(40, 20, [](Program& p, capture::SiteId s) {
    p.Stream(s, 5000, 2048, kForever, 0, 0.8);
    p.Stream(s, 500, 2048, 1.5);
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(AnalyzeTest, StartupBlocksDoNotHideALeakOfTheSameSite) {
  const Tally tally = Over(20, 20, [](Program& p, capture::SiteId s) {
    p.Stream(s, 20000, 2048, kForever, 0, 0.8);
    p.Stream(s, 120, 1024, kForever);
  });
  EXPECT_EQ(tally.grown, 20);
}

TEST(AnalyzeTest, AccusesNoCacheThatHasFilled) {
  const Tally tally =
      Over(40, 60, [](Program& p, capture::SiteId s) { p.Stream(s, 800, 1024, kForever, 0, 25); });
  EXPECT_EQ(tally.grown, 0);
}

TEST(AnalyzeTest, AccusesNoCacheThatFillsEverMoreSlowly) {
  // Births decay as e^(-t/15 s) over a minute: a set of keys that fills up.
  const Tally tally = Over(40, 60, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 20000; ++i) p.Block(s, p.Exponential(15e3), kForever, 1024);
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(AnalyzeTest, AccusesNoGarbageThatACollectorHasNotYetTaken) {
  // A collector runs all the time, and thoroughly at 7.9 s of 12. Of the blocks born before 4.7 s
  // few are old when they die, but those die all at once. The collector has not looked at later
  // blocks yet. This is the shape of a ruby that parses JSON.
  for (uint64_t seed = kFirstSeed; seed < kFirstSeed + 20; ++seed) {
    Program p(12, kInterval, seed);
    const capture::SiteId s = p.Site({"malloc", "Parse", "main"});
    for (double t = 0; t < 12e3; t += p.Exponential(7)) {
      const double collected = t > 3.5e3 && p.Uniform(0, 1) < .4 ? 7.9e3 : t + 100;
      p.Block(s, t, t < 4.7e3 ? collected : kForever, 128 * 1024);
    }
    const auto histories = GatherHistories(p.Build(), 12e3);
    EXPECT_GT(TestNeverDies(histories.at(s), Window::Of(12'000)).p, kMaxP) << seed;
    EXPECT_EQ(Accused(Analyze(p.Build(), p.symbolizer)), 0) << seed;
  }
}

TEST(AnalyzeTest, AccusesNoFifoCache) {
  const Tally tally = Over(40, 60, [](Program& p, capture::SiteId s) {
    for (double t = 0; t < 60e3; t += 2) p.Block(s, t, t + 20e3, 1024);
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(AnalyzeTest, AccusesNoSteps) {
  const Tally tally = Over(40, 60, [](Program& p, capture::SiteId s) {
    for (const double at : {10e3, 30e3, 50e3}) {
      for (int i = 0; i < 800; ++i) p.Block(s, at + i * 0.1, kForever, 1024);
    }
  });
  EXPECT_EQ(tally.grown, 0);
  EXPECT_EQ(tally.last, Trend::kStep);
}

TEST(AnalyzeTest, AccusesNoSawtoothWithAFlatBase) {
  const Tally tally = Over(40, 60, [](Program& p, capture::SiteId s) {
    for (double t = 0; t < 60e3; t += 1) p.Block(s, t, (std::floor(t / 13e3) + 1) * 13e3, 1024);
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(AnalyzeTest, FindsALeakOfFivePercentOfABusySite) {
  const Tally tally = Over(20, 60, [](Program& p, capture::SiteId s) {
    p.Stream(s, 2000, 1024, 0.05);
    p.Stream(s, 100, 1024, kForever);
  });
  EXPECT_EQ(tally.grown, 20);
}

TEST(AnalyzeTest, BurstsOfOneRequestAreOneObservation) {
  // Five requests that keep 4,000 blocks each: too few requests to be sure.
  const Tally tally = Over(40, 60, [](Program& p, capture::SiteId s) {
    for (int burst = 0; burst < 5; ++burst) {
      const double at = p.Uniform(3e3, 60e3);
      for (int i = 0; i < 1500; ++i) p.Block(s, at, kForever, 1024);
    }
  });
  EXPECT_LE(tally.grown, 1);
}

TEST(AnalyzeTest, FindsALeakSpreadOverManyPathsAtTheFunctionTheyShare) {
  Program program(20, kInterval, kFirstSeed);
  for (int path = 0; path < 60; ++path) {
    const capture::SiteId site =
        program.Site({"malloc", "CopyHeader", "Path" + std::to_string(path), "main"});
    program.Stream(site, 3, 1024, kForever);
    program.Stream(site, 30, 1024, 0.1);
  }
  const Analysis analysis = Analyze(program.Build(), program.symbolizer);
  ASSERT_EQ(Accused(analysis), 1);
  EXPECT_TRUE(analysis.sites[0].merged);
  EXPECT_EQ(analysis.sites[0].stack[analysis.sites[0].blame].function, "CopyHeader");
  EXPECT_GT(analysis.sites[0].sites.size(), 20u);
}

TEST(AnalyzeTest, AccusesTheLeakAndNothingElse) {
  int wrong = 0;
  int found = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Program program(20, kInterval, kFirstSeed + 1000 + seed);
    program.Stream(program.Site({"malloc", "Leaky", "Serve", "main"}), 200, 1024, kForever);
    for (int i = 0; i < 40; ++i) {
      const std::string n = std::to_string(i);
      program.Stream(program.Site({"malloc", "Init" + n, "main"}), 400, 1024, kForever, 0,
                     program.Uniform(0.5, 2));
      program.Stream(program.Site({"malloc", "Churn" + n, "Serve", "main"}), 400, 1024,
                     program.Uniform(0.01, 2));
    }
    const Analysis analysis = Analyze(program.Build(), program.symbolizer);
    const SiteResult* leak = Find(analysis, "Leaky");
    const bool hit = leak && leak->significant;
    found += hit;
    wrong += Accused(analysis) - hit;
  }
  EXPECT_EQ(found, 20);
  EXPECT_EQ(wrong, 0);
}

TEST(AnalyzeTest, GivesTheRateOfALeakWithAnIntervalThatHoldsIt) {
  int inside = 0;
  constexpr int kRuns = 100;
  constexpr double kTruth = 300 * 1024 * 3600.0;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    Program program(60, kInterval, kFirstSeed + 2000 + seed);
    program.Stream(program.Site({"malloc", "Leaky", "main"}), 300, 1024, kForever);
    const Analysis analysis = Analyze(program.Build(), program.symbolizer);
    ASSERT_TRUE(analysis.sites[0].growth.has_value());
    const Rate& rate = *analysis.sites[0].growth;
    inside += rate.low <= kTruth && kTruth <= rate.high;
    EXPECT_NEAR(rate.mid / kTruth, 1, .2);
  }
  // Binomial(100, .9): 80 is 3.3 sigma below the mean.
  EXPECT_GE(inside, 80);
}

TEST(AnalyzeTest, LiveBytesCarryAnErrorThatHoldsTheTruth) {
  int inside = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Program program(20, kInterval, kFirstSeed + 3000 + seed);
    const capture::SiteId site = program.Site({"malloc", "Keep", "main"});
    for (int i = 0; i < 8000; ++i) program.Block(site, i, kForever, i % 10 == 0 ? 20000 : 500);
    const Analysis analysis = Analyze(program.Build(), program.symbolizer);
    constexpr double kTruth = 800 * 20000.0 + 7200 * 500.0;
    inside += std::abs(analysis.sites[0].live_bytes - kTruth) <= analysis.sites[0].live_bytes_error;
  }
  EXPECT_GE(inside, 165);  // Binomial(200, .9): 180 +- 3.5 sigma of 4.2
  EXPECT_LE(inside, 195);
}

TEST(AnalyzeTest, ExactModeHasNoErrorAndFindsSmallLeaks) {
  Program program(20, 1, kFirstSeed);
  program.Stream(program.Site({"malloc", "Leaky", "main"}), 10, 24, kForever);
  const Analysis analysis = Analyze(program.Build(), program.symbolizer);
  EXPECT_TRUE(analysis.sites[0].significant);
  EXPECT_EQ(analysis.sites[0].live_bytes_error, 0);
  EXPECT_EQ(analysis.sites[0].live_bytes, 24 * analysis.sites[0].live_objects);
}

TEST(AnalyzeTest, ExactTotalsStayExactWhenTheFileKeptOnlyAShareOfTheSurvivors) {
  Program program(20, 1, kFirstSeed);
  program.Stream(program.Site({"malloc", "Keep", "main"}), 1000, 48, kForever, 0, 2);
  capture::Capture capture = program.Build();
  const double truth = static_cast<double>(capture.survivors.size()) * 48;
  std::vector<capture::Survivor> share;
  for (size_t i = 0; i < capture.survivors.size(); i += 4) share.push_back(capture.survivors[i]);
  for (capture::Survivor& survivor : share) survivor.keep_probability = .23;
  capture.survivors = share;
  const Analysis analysis = Analyze(capture, program.symbolizer);
  EXPECT_DOUBLE_EQ(analysis.sites[0].live_bytes, truth);
  EXPECT_EQ(analysis.sites[0].live_bytes_error, 0);
}

TEST(AnalyzeTest, ASiteOfWhichNoBlockWasKeptIsCountedAllTheSame) {
  Program program(20, 1, kFirstSeed);
  program.Stream(program.Site({"malloc", "Table", "main"}), 1000, 48, kForever, 0, 2);
  const capture::SiteId small = program.Site({"malloc", "Small", "main"});
  for (int i = 0; i < 3; ++i) program.Block(small, 100, kForever, 1207);
  capture::Capture capture = program.Build();
  std::erase_if(capture.survivors,
                [&](const capture::Survivor& survivor) { return survivor.site == small; });
  for (capture::Survivor& survivor : capture.survivors) survivor.keep_probability = .5;
  const Analysis analysis = Analyze(capture, program.symbolizer);
  const auto found = std::ranges::find_if(analysis.sites, [&](const SiteResult& site) {
    return site.sites == std::vector<capture::SiteId>{small};
  });
  ASSERT_NE(found, analysis.sites.end());
  EXPECT_EQ(found->live_bytes, 3 * 1207);
  EXPECT_EQ(found->live_objects, 3);
}

TEST(AnalyzeTest, SeesAVectorThatGrowsForEver) {
  Program program(60, kInterval, kFirstSeed);
  const capture::SiteId site = program.Site({"realloc", "Log::Append", "main"});
  double size = 512 * 1024;
  double birth = 500;
  for (double next = 1000; birth < 60e3; next *= 2, size *= 2) {
    program.Block(site, birth, next < 60e3 ? next : kForever, size, 7, 500);
    birth = next;
  }
  const Analysis analysis = Analyze(program.Build(), program.symbolizer);
  EXPECT_TRUE(analysis.sites[0].significant);
  EXPECT_EQ(analysis.sites[0].trend, Trend::kContainer);
  EXPECT_NEAR(analysis.sites[0].oldest_seconds, 59.5, 0.1);
}

TEST(AnalyzeTest, AVectorThatStoppedGrowingIsNotAccused) {
  Program program(60, kInterval, kFirstSeed);
  const capture::SiteId site = program.Site({"realloc", "Table::Build", "main"});
  double size = 512 * 1024;
  for (double birth = 500; birth <= 16000; birth *= 2, size *= 2) {
    program.Block(site, birth, birth < 16000 ? birth * 2 : kForever, size, 7, 500);
  }
  EXPECT_EQ(Accused(Analyze(program.Build(), program.symbolizer)), 0);
}

TEST(AnalyzeTest, TheSameGrowthIsWatchedInItsFirstMinutesAndSuspectAfterADay) {
  for (const double seconds : {120.0, 86400.0}) {
    Program program(seconds, kInterval, kFirstSeed);
    program.Stream(program.Site({"malloc", "Leaky", "main"}), 60000 / seconds, 1024, kForever);
    const Analysis analysis = Analyze(program.Build(), program.symbolizer);
    const SiteResult& site = analysis.sites[0];
    EXPECT_TRUE(site.significant);
    EXPECT_EQ(site.verdict == Verdict::kWatch, seconds < 600) << *site.leak_probability;
    EXPECT_EQ(analysis.conclusion, seconds < 600 ? Conclusion::kGrows : Conclusion::kFound);
    EXPECT_GT(site.decided_by_seconds.value_or(1e9), seconds);
  }
}

TEST(AnalyzeTest, MovingIntervalsDoNotLookLikeATrend) {
  // A leak that is sampled finely first and coarsely later. By count alone it would seem to fade
  // out.
  Program program(60, kInterval, kFirstSeed);
  const capture::SiteId site = program.Site({"malloc", "Leaky", "main"});
  program.Stream(site, 2000, 1024, kForever);
  capture::Capture capture = program.Build();
  std::vector<capture::Survivor> coarser;
  uint64_t turn = 0;
  for (capture::Survivor survivor : capture.survivors) {
    if (survivor.birth_ms > 20000) {
      if (++turn % 8 != 0) continue;
      survivor.interval_bytes *= 8;  // for 1 KiB blocks the probability falls by 8 within 3 %
    }
    coarser.push_back(survivor);
  }
  capture.survivors = coarser;
  const Analysis analysis = Analyze(capture, program.symbolizer);
  EXPECT_TRUE(analysis.sites[0].significant);
  EXPECT_EQ(analysis.sites[0].trend, Trend::kLinear);
  EXPECT_NEAR(analysis.sites[0].growth->mid / (2000 * 1024 * 3600.0), 1, .15);
}

TEST(AnalyzeTest, AnEmptyCaptureIsAnAnswerNotACrash) {
  capture::Capture capture;
  testing::FakeSymbolizer symbolizer;
  const Analysis analysis = Analyze(capture, symbolizer);
  EXPECT_TRUE(analysis.sites.empty());
  EXPECT_NE(analysis.conclusion, Conclusion::kClean);
  EXPECT_FALSE(analysis.detectable_bytes_per_hour.has_value());
}

TEST(AnalyzeTest, TheLeakThatIsCalledDetectableIsFoundFourTimesOutOfFive) {
  int found = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Program program(60, kInterval, kFirstSeed + 4000 + seed);
    const capture::SiteId site = program.Site({"malloc", "Leaky", "main"});
    const double per_hour =
        Analyze(program.Build(), program.symbolizer).detectable_bytes_per_hour.value();
    program.Stream(site, per_hour / 3600 / 1024, 1024, kForever);
    found += Accused(Analyze(program.Build(), program.symbolizer)) > 0;
  }
  EXPECT_GE(found, 68);  // Binomial(100, .8) less 3 sigma
}

}  // namespace
}  // namespace leaktrack
