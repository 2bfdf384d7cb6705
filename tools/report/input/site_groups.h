// SPDX-License-Identifier: Apache-2.0
//
// Sites that are one story to a reader.
//
// Two products of one leak look like many sites: a lost X509 is dozens of blocks with different
// stacks under one function. Sites of one family (families.h), or with the same blamed function,
// make one entry, with a count of stacks; its verdict is that of the worst.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_SITE_GROUPS_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_SITE_GROUPS_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "tools/analysis/model/result.h"
#include "tools/report/input/site_view.h"

namespace leaktrack {

struct SiteGroup {
  std::vector<const SiteResult*> sites;  // as ranked; never empty
  size_t stacks = 0;                     // distinct stacks in them
  Rate growth;                           // summed, errors as independent; 0 where none is known
  double live_bytes = 0, live_bytes_error = 0, live_objects = 0;
  double grown_bytes = 0;  // after the start-up
  double oldest_seconds = 0;
  double leak_probability = 0;              // of the most probable
  double score = 0;                         // summed, see ranking.h
  std::optional<witness::Evidence> memory;  // summed; empty: nobody looked
  const SiteResult& first() const { return *sites.front(); }
};

// Ranked as single sites are (ranking.h), by the sum of their scores, then by size. Only sites of
// verdict `at_least` or worse.
std::vector<SiteGroup> GroupSites(SiteView sites, Verdict at_least);

// What a report tells in full: the accused, or, where nobody is, what grows without proof.
std::vector<SiteGroup> GroupsToTell(SiteView sites);

// Which of all sites, summed by blame, holds most of what was measured to grow. Empty: none holds a
// tenth of it, or nothing was measured.
std::optional<SiteGroup> HolderOf(const Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_SITE_GROUPS_H_
