// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/coverage.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr double kBlocksNeeded = 40;
constexpr double kMaxLossShare = 0.01;
constexpr double kHorizonHours = 7 * 24;  // what fills the memory later than this can wait

// The median, because one big start-up buffer says nothing of what a leak would be made of.
double MedianLiveBlock(const capture::Capture& capture) {
  std::vector<uint64_t> sizes;
  for (const capture::Survivor& survivor : capture.survivors) sizes.push_back(survivor.size);
  if (sizes.empty()) return 0;
  const auto middle = sizes.begin() + static_cast<ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  return static_cast<double>(*middle);
}

std::string WhatWasLost(const capture::Capture& capture) {
  if (!capture.damage.empty()) return "the capture is damaged";
  if (capture.recorder_missing) return "the end of the run is missing: its flight recorder is gone";
  const uint64_t lost = capture.losses[capture::kLostAllocations] +
                        capture.losses[capture::kLostFrees] + capture.losses[capture::kLostCells];
  if (static_cast<double>(lost) >
      kMaxLossShare * static_cast<double>(std::max<uint64_t>(capture.samples_total, 1))) {
    return absl::StrCat(FormatCount(lost), " events were lost");
  }
  return "";
}

std::string WhyShort(const capture::Capture& capture, double seconds) {
  for (const capture::UntrackedExec& exec : capture.execs) {
    if (!exec.of_child) {
      return absl::StrCat("after ", FormatDuration(seconds), " it became ", SafeText(exec.path),
                          ", which ran untracked");
    }
  }
  return absl::StrCat("the run is too short (", FormatDuration(seconds), "; at least ",
                      FormatDuration(kShortestRunSeconds), ")");
}

// The sites that grow would, together, fill what is left within the horizon.
bool FillsTheMemory(const Analysis& analysis) {
  return analysis.total_growth &&
         (!analysis.process.headroom_bytes ||
          analysis.total_growth->mid * kHorizonHours >= *analysis.process.headroom_bytes);
}

}  // namespace

// Forty blocks pass the plain test four times in five (births.h). Sampling turns a leak of small
// blocks into one sample per interval of bytes; where every block is recorded, forty blocks are
// forty blocks, of the size that is usual here.
//   detectable = 40 * (sampled: interval at the end; exact: median size of the live blocks) / (run
//   - warm-up - youngest)
std::optional<double> DetectableGrowth(const capture::Capture& capture, const Window& window) {
  const double span = window.end_ms - window.warm_up_ms - window.end_ms / 64;
  if (span <= 0) return std::nullopt;
  const double interval = static_cast<double>(std::max<uint64_t>(capture.interval_now, 1));
  const double block = interval > 1 ? interval : std::max(interval, MedianLiveBlock(capture));
  return kBlocksNeeded * block / span * kMsPerHour;
}

void Conclude(const capture::Capture& capture, Analysis& analysis) {
  const bool found =
      std::any_of(analysis.sites.begin(), analysis.sites.end(),
                  [](const SiteResult& site) { return site.verdict >= Verdict::kSuspect; });
  if (found) {
    analysis.conclusion = Conclusion::kFound;
    return;
  }
  analysis.inconclusive_because = WhatWasLost(capture);
  if (!analysis.inconclusive_because.empty()) {
    analysis.conclusion = Conclusion::kDataLost;
  } else if (analysis.duration_seconds < kShortestRunSeconds) {
    analysis.conclusion = Conclusion::kTooShort;
    analysis.inconclusive_because = WhyShort(capture, analysis.duration_seconds);
  } else if (capture.samples_total == 0) {
    analysis.conclusion = Conclusion::kDataLost;
    analysis.inconclusive_because = "no allocation was seen";
  } else if (FillsTheMemory(analysis)) {
    analysis.conclusion = Conclusion::kGrows;
    analysis.inconclusive_because =
        "what grows may be a leak, or a program that fills its caches: both look the same so far";
  }
}

}  // namespace leaktrack
