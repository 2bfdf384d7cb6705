// SPDX-License-Identifier: Apache-2.0
//
// The p-values are correct: where nothing leaks, at most a share p of them is below p.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/analysis/one_site.h"
#include "tools/analysis/detect/judge.h"

namespace leaktrack {
namespace {

using testing::kForever;
using testing::kHour;
using testing::Program;

constexpr int kRuns = 600;

// The largest excess of the empirical distribution over the diagonal: Kolmogorov-Smirnov,
// one-sided.
double Excess(std::vector<double> p_values) {
  std::sort(p_values.begin(), p_values.end());
  double most = 0;
  for (size_t i = 0; i < p_values.size(); ++i) {
    most = std::max(
        most, static_cast<double>(i + 1) / static_cast<double>(p_values.size()) - p_values[i]);
  }
  return most;
}

// Uniform p-values exceed this once in a thousand times: sqrt(ln(1000) / 2 n).
double Allowed(size_t n) { return std::sqrt(std::log(1000.0) / 2 / static_cast<double>(n)); }

Judgement TestOne(uint64_t seed, const testing::Fill& fill) {
  Program program(kHour, 16384, seed);
  const capture::SiteId site = program.Site({"malloc", "Grow", "main"});
  fill(program, site);
  const auto histories = GatherHistories(program.Build(), kHour * 1e3);
  const auto found = histories.find(site);
  const Look look{Window::Of(static_cast<uint64_t>(kHour * 1e3)), nullptr, false};
  return found == histories.end() ? Judgement{} : Test(found->second, look);
}

std::vector<double> PValues(double (*of)(const Judgement&), const testing::Fill& fill) {
  std::vector<double> p_values;
  for (uint64_t seed = 0; seed < kRuns; ++seed) p_values.push_back(of(TestOne(88000 + seed, fill)));
  return p_values;
}

TEST(CalibrationTest, BirthsThatFallByTheBoundaryGiveUniformValues) {
  // The edge of the null hypothesis: the birth rate falls by exactly e^-2 over the judged period.
  const auto p_values =
      PValues([](const Judgement& j) { return j.births.p; },
              [](Program& p, capture::SiteId s) {
                for (int i = 0; i < 1500; ++i) {
                  const double u = std::log1p(p.Uniform(0, 1) * std::expm1(-2.0)) / -2.0;
                  p.Block(s, p.end_ms() * (.05 + u * (.95 - 1.0 / 64)), kForever, 1024);
                }
              });
  EXPECT_LE(Excess(p_values), Allowed(p_values.size()));
  // Not so conservative that nothing would ever be found: about the right share is below a tenth.
  const auto below =
      std::count_if(p_values.begin(), p_values.end(), [](double p) { return p < .1; });
  EXPECT_GE(below, kRuns / 25);
}

TEST(CalibrationTest, BlocksThatLiveAsLongAsTheRunGiveNoSmallValues) {
  // The edge of the other null hypothesis: old blocks die at a rate of one per run.
  const auto p_values = PValues([](const Judgement& j) { return j.never_dies.p; },
                                [](Program& p, capture::SiteId s) {
                                  for (int i = 0; i < 1500; ++i) {
                                    const double birth = p.Uniform(0, p.end_ms());
                                    p.Block(s, birth, birth + p.Exponential(p.end_ms()), 1024);
                                  }
                                });
  EXPECT_LE(Excess(p_values), Allowed(p_values.size()));
}

TEST(CalibrationTest, PermutedBirthTimesOfAHealthySiteGiveNoSmallValues) {
  // Births are shuffled among the blocks of each of ten stretches of load. Any pattern that remains
  // is chance.
  const auto p_values =
      PValues([](const Judgement& j) { return j.p; },
              [](Program& p, capture::SiteId s) {
                std::vector<double> births, lives;
                for (int i = 0; i < 3000; ++i) {
                  births.push_back(p.end_ms() * std::pow(p.Uniform(0, 1), 1.5));
                  lives.push_back(p.Exponential(p.end_ms() / 2));
                }
                std::sort(births.begin(), births.end());
                std::mt19937_64 random(static_cast<uint64_t>(p.Uniform(0, 1e9)));
                for (size_t from = 0; from < births.size(); from += 300) {
                  std::shuffle(births.begin() + static_cast<ptrdiff_t>(from),
                               births.begin() + static_cast<ptrdiff_t>(from + 300), random);
                }
                for (size_t i = 0; i < births.size(); ++i)
                  p.Block(s, births[i], births[i] + lives[i], 1024);
              });
  EXPECT_LE(Excess(p_values), Allowed(p_values.size()));
  EXPECT_EQ(std::count_if(p_values.begin(), p_values.end(), [](double p) { return p <= kMaxP; }),
            0);
}

}  // namespace
}  // namespace leaktrack
