// SPDX-License-Identifier: Apache-2.0
//
// The leaks that a team has decided to live with, as a text file to commit.
//
//   # leaktrack baseline, runs: 3
//   # ticket 123: the registry is never freed
//   12 blocks, 4.1 KiB per run: Registry::Add < Server::Start < main
//
// What: one line per site, sorted by site, no addresses, no times, figures rounded to two digits,
// so that two branches merge line by line and a new measurement changes little. Comments stay with
// the line below them.
// Promises: what Format writes, Parse reads; a line that is not understood is refused with its
// number.
#ifndef LEAKTRACK_TOOLS_COMPARE_BASELINE_H_
#define LEAKTRACK_TOOLS_COMPARE_BASELINE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/compare/site_key.h"

namespace leaktrack {

struct BaselineEntry {
  double blocks = 0, bytes = 0;       // per unit of work
  std::vector<std::string> comments;  // lines with their '#'
};

struct Baseline {
  std::string unit = "run";  // or "iteration"
  size_t runs = 1;           // that it was measured from
  std::map<SiteKey, BaselineEntry> entries;
};

absl::StatusOr<Baseline> ParseBaseline(const std::string& text, const std::string& name);
std::string FormatBaseline(const Baseline& baseline);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_BASELINE_H_
