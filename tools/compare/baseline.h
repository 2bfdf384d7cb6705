// SPDX-License-Identifier: Apache-2.0
//
// The leaks that a team has decided to accept, as a text file to commit.
//
//   # leaktrack baseline, runs: 3, what grew, one in 16 KiB, freed 1.2 GiB
//   # ticket 123: the registry is never freed
//   12 blocks, 4.1 KiB +- 300 B per run: Registry::Add < Server::Start < main
//   3 blocks, 1.2 KiB +- 1 KiB per run, no leak yet: Cache::Fill < main
//
// What: one line per site, sorted by site, without addresses and times, and with figures rounded
// to two digits. So two branches merge line by line, and a new measurement changes little.
// Comments stay with the line below them. "+-" is the standard deviation between the runs. A site
// with "no leak yet" was accused in too few runs. It stands here so that it is not new once more
// runs once more
// runs accuse it. At exit, "lost" marks what nothing points to, and "reachable" what somebody still
// has, which stands here to be read alone. The title how the baseline was measured. A file of an
// older version, whose title says only "runs", is read as well. Promises: Parse reads what Format
// writes. A line that is not understood is refused with its number.
#ifndef LEAKTRACK_TOOLS_COMPARE_BASELINE_H_
#define LEAKTRACK_TOOLS_COMPARE_BASELINE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/compare/site_counts.h"
#include "tools/compare/site_key.h"

namespace leaktrack {

// What became of the blocks of an entry. kUnknown: its baseline did not ask.
enum class KeptHow { kUnknown, kLost, kReachable };

struct BaselineEntry {
  double blocks = 0, bytes = 0;       // per unit of work
  std::optional<double> deviation;    // of the bytes, between runs; none: unknown
  bool leaks = true;                  // false: it was accused in too few of the runs
  std::vector<std::string> comments;  // lines with their '#'
  KeptHow kept = KeptHow::kUnknown;
};

struct Baseline {
  std::string unit = "run";  // or "iteration"
  size_t runs = 0;           // number of measured runs; 0: there is no baseline
  std::optional<CountMode> mode;
  double interval = 0;     // mean bytes between samples; 1: every block; 0: unknown
  double freed_bytes = 0;  // per unit of work; 0: unknown
  std::map<SiteKey, BaselineEntry> entries;
  std::map<SiteKey, BaselineEntry> reachable;  // for the reader: these never fail a gate
};

// "what grew", "what was never freed", "what was lost"
const char* CountModeText(CountMode mode);

absl::StatusOr<Baseline> ParseBaseline(const std::string& text, const std::string& name);
std::string FormatBaseline(const Baseline& baseline);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_BASELINE_H_
