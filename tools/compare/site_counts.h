// SPDX-License-Identifier: Apache-2.0
//
// What one run contributes to a comparison: for each site, how much stayed.
//
// What: "grown" mode counts what the second half of the run added and kept, V(end) - V(middle),
// from the counters of births and deaths: start-up, singletons and filled caches cancel, and so do
// the blocks that are always in flight. Of a run that counts no work its second half is half a run,
// so that amounts are those of a whole one. "At exit" mode counts every block of the heap that was
// never freed, those of no bytes, too; a mapping is no block.
// Halves are halves of the work where the program counts it, of the wall time where it does not.
// Promises: pure; counts are sampled blocks (the unit of the statistics), bytes are estimates.
#ifndef LEAKTRACK_TOOLS_COMPARE_SITE_COUNTS_H_
#define LEAKTRACK_TOOLS_COMPARE_SITE_COUNTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "libtrack/capture/capture.h"
#include "tools/compare/site_key.h"
#include "tools/symbolize/call_stack.h"

namespace leaktrack {

enum class CountMode { kGrown, kAtExit };

inline constexpr size_t kTenths = 10;  // of the counted part of a run, to see how births scatter

struct SiteCount {
  SiteKey key;
  CallStack stack;  // leaf first
  size_t blame = 0;
  double count = 0;              // sampled blocks; not negative
  double blocks = 0, bytes = 0;  // estimates of what they stand for
  double born = 0;               // blocks ever allocated here, an estimate
  bool suppressed = false;

  // Nearly all blocks die: what is alive at a moment is a level (garbage that waits, blocks in
  // flight), not a leak by itself.
  bool turns_over() const { return born > 10 * blocks; }
  std::array<double, kTenths> births_by_tenth{};

  // Adds the amounts of another: of the same site in another run, or of another site.
  void Add(const SiteCount& other);
};

struct RunCounts {
  std::string path, program;
  double work = 1;  // units counted by the program, else 1: one run
  bool work_is_counted = false;
  double seconds = 0;
  double interval = 1;           // largest mean sampling interval, bytes
  double freed_bytes = 0;        // of the heap, in the counted part: how much was going on
  std::vector<SiteCount> sites;  // by key, each key once; once more for what of it is suppressed
  uint64_t samples = 0;          // all that were taken
  bool crashed = false;
  std::string
      unjudged;  // why it is too short to tell a leak from a cache that fills; empty: it is not
  std::string unusable;  // why nothing can be concluded from this run; empty: it can
};

// Whether a site, by its whole stack, is not to be held against anybody.
using IsSuppressed = absl::FunctionRef<bool(const CallStack&)>;

RunCounts CountRun(const capture::Capture& capture, Symbolizer& symbolizer, CountMode mode,
                   IsSuppressed suppressed);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_SITE_COUNTS_H_
