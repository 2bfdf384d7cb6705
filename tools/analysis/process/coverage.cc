// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/coverage.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leaktrack {
namespace {

constexpr double kMaxLossShare = 0.01;

// The median, because one big start-up buffer says nothing of what a leak would be made of.
double MedianLiveBlock(const capture::Capture& capture) {
  std::vector<uint64_t> sizes;
  for (const capture::Survivor& survivor : capture.survivors) sizes.push_back(survivor.size);
  if (sizes.empty()) return 0;
  const auto middle = sizes.begin() + static_cast<ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  return static_cast<double>(*middle);
}

Doubts WhatWasLost(const capture::Capture& capture) {
  if (!capture.damage.empty()) return {Doubt::kDamaged};
  if (capture.recorder_missing) return {Doubt::kEndMissing};
  const uint64_t lost = capture.losses[capture::kLostAllocations] +
                        capture.losses[capture::kLostFrees] + capture.losses[capture::kLostCells];
  if (static_cast<double>(lost) >
      kMaxLossShare * static_cast<double>(std::max<uint64_t>(capture.samples_total, 1))) {
    return {Doubt::kEventsLost, lost};
  }
  return {};
}

Doubts WhyShort(const capture::Capture& capture, double seconds) {
  for (const capture::UntrackedExec& exec : capture.execs) {
    if (!exec.of_child) return {Doubt::kBecameUntracked, 0, seconds, exec.path};
  }
  return {Doubt::kRunTooShort, 0, seconds};
}

bool Fills(double bytes_per_hour, const AnalyzeOptions& options, const Analysis& analysis) {
  const double hours = options.growth_horizon_seconds / 3600;
  return !analysis.process.headroom_bytes ||
         bytes_per_hour * hours >= *analysis.process.headroom_bytes;
}

// What grows, by its sites or by what was measured, would fill what is left within the horizon.
bool FillsTheMemory(const AnalyzeOptions& options, const Analysis& analysis) {
  if (analysis.total_growth && Fills(analysis.total_growth->mid, options, analysis)) return true;
  const std::optional<MeasuredGrowth>& measured = analysis.measured_growth;
  if (!measured || !measured->goes_on) return false;
  // What never becomes resident fills address space at most.
  const bool takes_none = analysis.memory.memory_class == MemoryClass::kUntouched ||
                          measured->sum == GrowingSum::kMappings;
  if (takes_none && analysis.process.limit_kind != LimitKind::kRlimit) return false;
  return Fills(measured->rate.mid, options, analysis);
}

}  // namespace

std::optional<double> DetectableGrowth(const capture::Capture& capture, const Window& window) {
  const double span = window.end_ms - window.warm_up_ms - window.end_ms / 64;
  if (span <= 0) return std::nullopt;
  const double interval = static_cast<double>(std::max<uint64_t>(capture.interval_now, 1));
  const double block = interval > 1 ? interval : std::max(interval, MedianLiveBlock(capture));
  return kBlocksNeeded * block / span * kMsPerHour;
}

bool AllocationsWereNotSeen(const capture::Capture& capture) {
  return capture.samples_total == 0 &&
         (capture.interval_now == 0 || std::ranges::any_of(capture.hooks, [](const auto& hook) {
            return hook.second == capture::HookState::kBypassed;
          }));
}

void Conclude(const capture::Capture& capture, const AnalyzeOptions& options, Analysis& analysis) {
  const bool found =
      std::any_of(analysis.sites.begin(), analysis.sites.end(),
                  [](const SiteResult& site) { return site.verdict >= Verdict::kSuspect; });
  if (found) {
    analysis.conclusion = Conclusion::kFound;
    return;
  }
  analysis.doubts = WhatWasLost(capture);
  if (analysis.doubts.doubt != Doubt::kNone) {
    analysis.conclusion = Conclusion::kDataLost;
  } else if (analysis.duration_seconds < kShortestRunSeconds) {
    analysis.conclusion = Conclusion::kTooShort;
    analysis.doubts = WhyShort(capture, analysis.duration_seconds);
  } else if (AllocationsWereNotSeen(capture)) {
    analysis.conclusion = Conclusion::kDataLost;
    analysis.doubts = {Doubt::kNothingSeen};
  } else if (FillsTheMemory(options, analysis)) {
    analysis.conclusion = Conclusion::kGrows;
    analysis.doubts = {Doubt::kGrowthUnproven};
  }
}

}  // namespace leaktrack
