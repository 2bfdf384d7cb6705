// SPDX-License-Identifier: Apache-2.0
//
// The contribution of one run to a comparison: the amount that stayed, for each site.
//
// What: "grown" mode counts the blocks that the second half of the run added and kept, V(end) -
// V(middle), from the counters of births and deaths. So start-up, singletons, filled caches and
// blocks in flight cancel out. If a run counts no work, its second half is half a run, so amounts
// are those of a whole run. "At exit" mode counts every block of the heap that was never freed,
// also blocks of 0 bytes; "lost" mode those of them that nothing pointed to at the end, and the
// others apart. A mapping is no block. Halves are halves of the work if the program
// counts it, and of the wall time otherwise.
// Promises: pure. Counts are sampled blocks (the unit of the statistics), bytes are estimates.
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
#include "tools/witness/site_memory.h"

namespace leaktrack {

enum class CountMode { kGrown, kAtExit, kLost };
constexpr bool IsAtExit(CountMode mode) { return mode != CountMode::kGrown; }

inline constexpr size_t kTenths = 10;  // of the counted part of a run, for the scatter of births

struct SiteCount {
  SiteKey key;
  CallStack stack;  // leaf first
  size_t blame = 0;
  double count = 0;              // sampled blocks; not negative
  double blocks = 0, bytes = 0;  // estimates of the whole amount
  double born = 0;               // estimate of the blocks ever allocated here
  bool suppressed = false;
  std::vector<witness::Holder> holders;  // of what is reachable, best first

  // Nearly all blocks die: the number alive at a moment is a level (garbage that waits, blocks in
  // flight), not a leak by itself.
  bool turns_over() const { return born > 10 * blocks; }
  std::array<double, kTenths> births_by_tenth{};

  // Adds the amounts of the same site in another run, or of another site.
  void Add(const SiteCount& other);
};

struct RunCounts {
  std::string path, program;
  double work = 1;  // units counted by the program; else 1: one run
  bool work_is_counted = false;
  double seconds = 0;
  double interval = 1;               // largest mean sampling interval, bytes
  double freed_bytes = 0;            // of the heap, in the counted part: a measure of activity
  std::vector<SiteCount> sites;      // by key, each key once, and once more for its suppressed part
  std::vector<SiteCount> reachable;  // kLost: what is no leak, since something points to it; by key
  uint64_t samples = 0;              // all samples taken
  bool crashed = false;
  std::string unjudged;  // why it is too short to tell a leak from a filling cache; empty: it is
                         // long enough
  std::string unseen;    // kLost: why nobody knows what it lost; empty: that is known
  std::string unusable;  // why this run proves nothing; empty: it is usable
};

// Whether a site is suppressed, by its whole stack.
using IsSuppressed = absl::FunctionRef<bool(const CallStack&)>;

// `memory`: what was seen at the end of the run, for kLost; null: it was not looked at.
RunCounts CountRun(const capture::Capture& capture, Symbolizer& symbolizer, CountMode mode,
                   IsSuppressed suppressed, const witness::RunMemory* memory = nullptr);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_SITE_COUNTS_H_
