// SPDX-License-Identifier: Apache-2.0
//
// What the tests need of one site: who was born when, who died at which age, who is left.
//
// What: gathers a capture's survivors and cells by site; adds sites up into merged ones. Why: a leak that comes in by
// thirty paths is invisible in each and obvious in their sum, and all tests take either.
// Promises: pure; deaths are counted in blocks as the coarsest interval would have sampled them. Thinning takes
// survivors away and leaves the deaths that were counted before it: unscaled, deaths would outweigh the time that
// others lived, and a leak in a busy process would look like churn.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_SITE_HISTORY_H_
#define LEAKTRACK_TOOLS_ANALYSIS_SITE_HISTORY_H_

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "libtrack/capture/decoder.h"

namespace leaktrack {

// A survivor, weighted. `bytes` estimates all the bytes it stands for; `probability` is its chance to be seen.
struct WeightedBlock {
  double birth_ms = 0;
  double first_birth_ms = 0;
  double size = 0;
  double interval = 1;
  double probability = 1;           // of being in the capture: sampled and kept
  double sampling_probability = 1;  // of being sampled
  uint32_t chain = 0;
  double Bytes() const { return size / probability; }
  double Objects() const { return 1 / probability; }
};

struct Death {
  double birth_ms = 0;
  double death_ms = 0;
  double size = 0;
  uint32_t chain = 0;
};

// Deaths between two looks at a counter.
struct DeathStep {
  double time_ms = 0;
  uint8_t band = 0;
  double deaths = 0;
};

struct SiteHistory {
  std::vector<capture::SiteId> sites;  // one, or the members of a merged site
  capture::SiteKind kind = capture::SiteKind::kHeap;
  std::vector<WeightedBlock> survivors;                        // by birth
  std::array<double, capture::kBandLast + 1> deaths_by_band{};  // blocks, see above; [0] unused
  std::vector<DeathStep> death_steps;                          // when the deaths happened; not sorted
  std::vector<Death> chained_deaths;                           // kept deaths that belong to a realloc chain
  double born_bytes = 0, born_samples = 0;
  double net_bytes = 0;    // births - deaths - thinned + relabelled: what is left by the counters
  double net_objects = 0;
  bool kept_in_part = false;  // the file holds only a share of the survivors: trust the counters for totals
  bool exact = true;          // nothing of it was sampled with an interval above 1 byte
};

// One history per site that has anything, by site id.
std::map<capture::SiteId, SiteHistory> GatherHistories(const capture::Capture& capture);

// The sum of histories, as if their sites were one.
SiteHistory MergeHistories(const std::vector<const SiteHistory*>& parts);

// Estimated live bytes of all heap sites at a time, from the counters.
double LiveHeapBytesAt(const capture::Capture& capture, uint64_t time_ms);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_SITE_HISTORY_H_
