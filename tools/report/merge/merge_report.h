// SPDX-License-Identifier: Apache-2.0
//
// What a fleet of captures says in sum: for each version of each program how many runs grow, and
// the sites with the number of runs that show them, how fast they grow together, what they hold.
//
// Promises: runs, sums and what could not be read are of all captures, whatever `top` leaves out,
// and that is said; no line of the text is wider than the page; names in both forms are safe to
// print. The JSON is schema 1 of merge.schema.json.
#ifndef LEAKTRACK_TOOLS_REPORT_MERGE_MERGE_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_MERGE_MERGE_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/compare/fleet_sums.h"

namespace leaktrack {

struct Merge {
  FleetSums sums;
  uint64_t repeated = 0;  // captures of runs that had been read already
  uint64_t unreadable = 0;
  std::vector<std::string> unreadable_why;  // one line each; of very many the first
};

// A program with its sites, worst first: accused in most runs, then by growth, then by what they
// hold.
struct RankedSite {
  const std::string* key = nullptr;
  const SiteSum* sum = nullptr;
};
std::vector<RankedSite> RankSiteSums(const ProgramSum& program);

// Programs, worst first.
using RankedProgram = std::pair<const ProgramVersion, ProgramSum>;
std::vector<const RankedProgram*> RankPrograms(const FleetSums& sums);

struct MergeTextOptions {
  size_t columns = 80;
  bool colour = false;
  size_t top = 5;  // sites of each program
};

std::string MergeText(const Merge& merge, const MergeTextOptions& options);
std::string MergeJson(const Merge& merge, size_t top);  // top: sites of each program, 0 for all

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_MERGE_MERGE_REPORT_H_
