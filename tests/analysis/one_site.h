// SPDX-License-Identifier: Apache-2.0
//
// Runs with one interesting site, and how often it is accused over several seeds.
#ifndef LEAKTRACK_TESTS_ANALYSIS_ONE_SITE_H_
#define LEAKTRACK_TESTS_ANALYSIS_ONE_SITE_H_

#include <cstdint>
#include <functional>
#include <map>

#include "tests/analysis/synthetic.h"
#include "tools/analysis/analyze.h"

namespace leaktrack::testing {

inline constexpr double kMinute = 60, kHour = 3600;

using Fill = std::function<void(Program&, capture::SiteId)>;

inline Analysis AnalyzeOne(double seconds, uint64_t seed, const Fill& fill,
                           double interval = 16384) {
  Program program(seconds, interval, seed);
  fill(program, program.Site({"malloc", "Grow", "Serve", "main"}));
  return Analyze(program.Build(), program.symbolizer);
}

struct Tally {
  int grown = 0;  // more than chance explains
  std::map<Trend, int> trends;
  Trend Usual() const {
    Trend usual = Trend::kInsufficient;
    int most = 0;
    for (const auto& [trend, count] : trends) {
      if (count > most) most = count, usual = trend;
    }
    return usual;
  }
};

// Tallies the first site over seeds on which no threshold was set.
inline Tally TallyOf(int seeds, double seconds, const Fill& fill) {
  Tally tally;
  for (int i = 0; i < seeds; ++i) {
    const Analysis analysis = AnalyzeOne(seconds, 77100 + static_cast<uint64_t>(i), fill);
    if (analysis.sites.empty()) continue;
    tally.grown += analysis.sites[0].significant;
    ++tally.trends[analysis.sites[0].trend];
  }
  return tally;
}

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_ANALYSIS_ONE_SITE_H_
