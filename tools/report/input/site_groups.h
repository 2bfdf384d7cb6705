// SPDX-License-Identifier: Apache-2.0
//
// Sites that are one story to a reader.
//
// Two products of one leak look like many sites: a lost X509 is dozens of blocks with different
// stacks under one function. Sites of one family (families.h), or with the same blamed function,
// and the same verdict make one entry, with a count of stacks.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_SITE_GROUPS_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_SITE_GROUPS_H_

#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

struct SiteGroup {
  std::vector<const SiteResult*> sites;  // as ranked; never empty
  size_t stacks = 0;                     // distinct stacks in them
  Rate growth;                           // summed, errors as independent; 0 where none is known
  double live_bytes = 0, live_bytes_error = 0, live_objects = 0;
  double oldest_seconds = 0;
  double leak_probability = 0;  // of the most probable
  double score = 0;             // summed, see ranking.h
  const SiteResult& first() const { return *sites.front(); }
};

// Ranked as single sites are (ranking.h), by the sum of their scores, then by size. Only sites of
// verdict `at_least` or worse.
std::vector<SiteGroup> GroupSites(const std::vector<SiteResult>& sites, Verdict at_least);

// What a report tells in full: the accused, or, where nobody is, what grows without proof.
std::vector<SiteGroup> GroupsToTell(const std::vector<SiteResult>& sites);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_SITE_GROUPS_H_
