// SPDX-License-Identifier: Apache-2.0
//
// Synthetic versions: the counts that a run would have made.
#ifndef LEAKTRACK_TESTS_COMPARE_MADE_COUNTS_H_
#define LEAKTRACK_TESTS_COMPARE_MADE_COUNTS_H_

#include <string>
#include <utility>
#include <vector>

#include "tools/compare/compare.h"

namespace leaktrack::testing {

inline constexpr double kInterval = 16384;

inline SiteCount Site(const std::string& name, double count) {
  SiteCount site;
  site.key = {name, "main"};
  site.count = count;
  site.blocks = count * kInterval / 64;
  site.bytes = count * kInterval;
  for (double& tenth : site.births_by_tenth) tenth = count / kTenths;
  return site;
}

inline RunCounts OneRun(std::vector<SiteCount> sites) {
  RunCounts run;
  run.path = "a.ltk";
  run.interval = kInterval;
  run.sites = std::move(sites);
  return run;
}

inline Change ChangeOf(const Comparison& comparison, const std::string& name) {
  for (const SiteChange& site : comparison.sites) {
    if (site.key.front() == name) return site.change;
  }
  return Change::kUnchanged;
}

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_COMPARE_MADE_COUNTS_H_
