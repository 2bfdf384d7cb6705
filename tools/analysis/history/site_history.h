// SPDX-License-Identifier: Apache-2.0
//
// What the tests need of one site: who was born when, who died at which age, who is left.
//
// What: gathers a capture's survivors and cells by site; adds sites up into merged ones. Why: a
// leak that comes in by thirty paths is invisible in each and obvious in their sum, and all tests
// take either. Old deaths are kept one by one, with the birth of each; young ones are counted by
// age band and time. So the history as it stood at any earlier moment can be had from the one
// capture: AsOf.
// Promises: pure; blocks and deaths are counted as the site's coarsest interval would have sampled
// them. Thinning takes survivors away and leaves the deaths that were counted before it: unscaled,
// deaths would outweigh the time that others lived, and a leak in a busy process would look like
// churn.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_HISTORY_SITE_HISTORY_H_
#define LEAKTRACK_TOOLS_ANALYSIS_HISTORY_SITE_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "libtrack/capture/age_band.h"
#include "libtrack/capture/capture.h"

namespace leaktrack {

inline constexpr double kAlive = std::numeric_limits<double>::infinity();

// A block that is known by itself: alive, or dead and kept.
struct WeightedBlock {
  double birth_ms = 0;
  double death_ms = kAlive;
  double first_birth_ms = 0;  // of its realloc chain
  double size = 0;
  float interval = 1;
  float sampling_probability = 1;  // of being sampled
  float kept = 1;                  // of being in the capture, once sampled
  float weight = 1;  // blocks that the site's coarsest interval would have sampled in its place
  uint32_t chain = 0;
  double Bytes() const { return size / Probability(); }
  double Objects() const { return 1 / Probability(); }
  double Probability() const { return double{sampling_probability} * double{kept}; }
};

// Deaths between two looks at a counter, less those that are known by themselves. They happened
// somewhere in between: where that is long, they count as dead in equal parts, each at the end of
// its part of the time.
struct DeathStep {
  float time_ms = 0;  // of the later look
  float span_ms = 0;  // since the look before
  float deaths = 0;   // weighted; of all parts together, as are the bytes
  float bytes = 0;
  uint8_t band = 0;
  uint8_t parts = 1;
  double PartEndMs(int part) const {
    return double{time_ms} - double{span_ms} * (parts - part) / parts;
  }  // part: 0, the begin, to `parts`
  // What has died by the end of a part.
  DeathStep UpTo(int part) const;
};

// Sums over time, on a grid over the whole run: entry i is the sum at (i + 1) / kGrid of it.
inline constexpr size_t kGrid = 256;
using Curve = std::array<float, kGrid>;
struct Curves {
  Curve level{}, born{};  // bytes alive; bytes ever allocated
};

// All of a site but its single blocks and deaths.
struct SiteTotals {
  std::vector<capture::SiteId> sites;  // one, or the members of a merged site
  capture::SiteKind kind = capture::SiteKind::kHeap;
  std::shared_ptr<const Curves>
      curves;              // two kilobytes, shared by all looks at the site; null: all 0
  double grid_end_ms = 0;  // where the curves end; not moved by AsOf
  double born_bytes = 0, born_samples = 0;
  double net_bytes = 0;  // births - deaths - thinned + relabelled: what is left by the counters
  double net_objects = 0;
  bool kept_in_part = false;  // the capture holds only a share of all survivors, perhaps none of
                              // this site's: trust the counters for totals
  bool exact = true;          // nothing of it was sampled with an interval above 1 byte

  // The curves at a time, between their points by a straight line.
  double LevelAt(double ms) const { return curves == nullptr ? 0 : Interpolate(curves->level, ms); }
  double BornAt(double ms) const { return curves == nullptr ? 0 : Interpolate(curves->born, ms); }

 private:
  double Interpolate(const Curve& curve, double ms) const;
};

struct SiteHistory : SiteTotals {
  std::vector<WeightedBlock> survivors;  // by birth
  std::vector<WeightedBlock> dead;       // kept deaths, by birth
  std::vector<DeathStep> steps;          // the other deaths; not sorted
};

void SortByBirth(std::vector<WeightedBlock>& blocks);

// The middle of each age band, in ms; its relative width is at most 25 %.
inline constexpr auto kBandMiddleMs = [] {
  std::array<double, capture::kBandLast + 1> middles{};
  for (int band = 0; band <= capture::kBandLast; ++band) {
    const auto start = static_cast<double>(capture::BandStartMs(static_cast<uint8_t>(band)));
    middles[static_cast<size_t>(band)] = band < capture::kBandLast ? start * 1.1 + 0.5 : start;
  }
  return middles;
}();

// One history per site that has anything, by site id; the curves end at `end_ms`. All else is of
// the whole run.
std::map<capture::SiteId, SiteHistory> GatherHistories(const capture::Capture& capture,
                                                       double end_ms);

// The sum of histories, as if their sites were one.
SiteHistory MergeHistories(const std::vector<const SiteHistory*>& parts);

// The blocks and deaths as they stood at `time_ms`. Deaths after it that are only counted come back
// as blocks whose births are spread evenly over their age band. Totals and curves stay those of the
// whole run.
SiteHistory AsOf(const SiteHistory& history, double time_ms);

// The part of a history whose blocks satisfy `from <= size < to`. Deaths that are only counted have
// no size of their own: all of them stay in each part, so that a part is never cleared of deaths
// that may be its own.
SiteHistory OfSizes(const SiteHistory& history, double from, double to);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_HISTORY_SITE_HISTORY_H_
