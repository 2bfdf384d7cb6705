// SPDX-License-Identifier: Apache-2.0
//
// How often a comparison fails because of noise, and how often it misses a leak: three runs per
// version, 400 sites.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/compare/made_counts.h"

namespace leaktrack {
namespace {

using testing::ChangeOf;
using testing::OneRun;
using testing::Site;

// 400 sites with means from 0 to 100. Counts have a variance of phi times the mean (gamma-Poisson).
struct Simulation {
  explicit Simulation(double dispersion, uint64_t seed) : phi(dispersion), random(seed) {}
  double Draw(double mean) {
    if (mean <= 0) return 0;
    const double rate =
        phi > 1 ? std::gamma_distribution<double>(mean / (phi - 1), phi - 1)(random) : mean;
    return static_cast<double>(std::poisson_distribution<int>(rate)(random));
  }
  // `wild` adds a site whose counts scatter thirty times as much as chance.
  std::vector<RunCounts> Version(double leak, bool wild = false) {
    std::vector<RunCounts> runs;
    for (int r = 0; r < 3; ++r) {
      std::vector<SiteCount> sites{Site("leak", Draw(leak))};
      for (int i = 0; i < 400; ++i)
        sites.push_back(Site("site" + std::to_string(i), Draw(i < 200   ? 0
                                                              : i < 300 ? 2
                                                                        : i - 300)));
      if (wild) {
        const double rate = std::gamma_distribution<double>(50.0 / 29, 29)(random);
        sites.push_back(
            Site("wild", static_cast<double>(std::poisson_distribution<int>(rate)(random))));
      }
      std::erase_if(sites, [](const SiteCount& site) { return site.count <= 0; });
      runs.push_back(OneRun(std::move(sites)));
    }
    return runs;
  }
  double phi;
  std::mt19937_64 random;
};

// Goals: at most 1 % false failures per comparison, up to a dispersion of 5 with three runs. A new
// leak of 20 samples per run (320 KiB at 16 KiB) is found in 95 %, up to a dispersion of 2. The
// bounds allow four standard deviations of 500 trials.
TEST(CompareSimulation, FailsOnALeakAndNotOnNoise) {
  constexpr int kTrials = 500;
  for (const double phi : {1.0, 2.0, 5.0}) {
    int false_failures = 0, found = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      Simulation simulation(phi, 1000 * static_cast<uint64_t>(phi) + static_cast<uint64_t>(trial));
      const std::vector<RunCounts> base = simulation.Version(0), same = simulation.Version(0),
                                   leaky = simulation.Version(20);
      false_failures += Compare(base, same, {}).Regressed();
      found += ChangeOf(Compare(base, leaky, {}), "leak") == Change::kNewLeak;
    }
    printf("phi %.0f: %d of %d false failures, %d of %d leaks found\n", phi, false_failures,
           kTrials, found, kTrials);
    EXPECT_LE(false_failures, 14) << "phi " << phi;
    EXPECT_GE(found, phi <= 2 ? kTrials * .93 : 0) << "phi " << phi;
  }
}

// Garbage that a collector leaves at the end, beside 400 sites that do not scatter. Six runs do not
// reveal such a skewed distribution: 2 % fail, above the goal of 1 % for even dispersion. With the
// pooled dispersion alone, 21 % failed. Bound: 4 sigma.
TEST(CompareSimulation, OneSiteThatScattersAmongCalmOnesSeldomFails) {
  constexpr int kTrials = 500;
  int false_failures = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Simulation simulation(1, 77'000 + static_cast<uint64_t>(trial));
    const std::vector<RunCounts> base = simulation.Version(0, true),
                                 same = simulation.Version(0, true);
    false_failures += Compare(base, same, {}).Regressed();
  }
  printf("one wild site: %d of %d false failures\n", false_failures, kTrials);
  EXPECT_LE(false_failures, kTrials * .045);
}

}  // namespace
}  // namespace leaktrack
