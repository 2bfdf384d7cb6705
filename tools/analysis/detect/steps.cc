// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/steps.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "libtrack/capture/age_band.h"
#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr int kStepsAfterAnEqualLoad = 3, kStepsAlone = 4;
constexpr double kRegular = 1.25;           // the longest gap against the shortest
constexpr double kMinGapMs = 500;           // between bursts
constexpr double kMinGapShare = 1.0 / 256;  // of the run
constexpr double kMostLength = .2;          // of a burst, against the gap to the next
constexpr double kEqual = .25;              // off the median
constexpr double kMostBetween = .1;         // of what the bursts hold
constexpr double kSilence = 2;              // gaps since the last burst
constexpr double kMinBlocks = 4;            // sampled, in a burst
constexpr double kCertain = 4;           // intervals that a burst holds, where it has fewer blocks
constexpr double kMinBytes = 64 * 1024;  // of one step
constexpr double kOldInGaps = 2;         // an age at which nothing dies any more
constexpr double kFewOldDeaths = .02;    // of the blocks that live

struct Burst {
  double from_ms = 0, to_ms = 0;
  double bytes = 0;
  double variance = 0;  // of bytes, by sampling
  double blocks = 0, interval = 1;
};

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Survivors that were born close to each other.
std::vector<Burst> BurstsOf(const SiteHistory& history, const Window& window) {
  const double gap = std::max(kMinGapMs, kMinGapShare * window.end_ms);
  std::vector<Burst> bursts;
  for (const WeightedBlock& block : history.survivors) {
    if (block.birth_ms > window.end_ms) continue;
    if (bursts.empty() || block.birth_ms > bursts.back().to_ms + gap) {
      bursts.push_back({block.birth_ms, block.birth_ms});
    }
    Burst& burst = bursts.back();
    const double p = block.Probability();
    burst.to_ms = std::max(burst.to_ms, block.birth_ms);
    burst.bytes += block.Bytes();
    burst.variance += block.size * block.size * (1 - p) / (p * p);
    burst.interval = std::max(burst.interval, double{block.interval});
    ++burst.blocks;
  }
  return bursts;
}

bool IsCounted(const Burst& burst) {
  return burst.bytes >= kMinBytes &&
         (burst.blocks >= kMinBlocks || burst.bytes >= kCertain * burst.interval);
}

bool IsEqual(const Burst& burst, double bytes) {
  return std::abs(burst.bytes - bytes) <= kEqual * bytes + 2 * std::sqrt(burst.variance);
}

// The bursts after the start; what is too small to be one is born between them.
struct Found {
  std::vector<Burst> steps;
  const Burst* first_load = nullptr;
  double between = 0;
};

Found Sort(const std::vector<Burst>& bursts, const Window& window) {
  Found found;
  std::vector<double> sizes;
  for (const Burst& burst : bursts) {
    if (IsCounted(burst) && burst.from_ms >= window.warm_up_ms) sizes.push_back(burst.bytes);
  }
  if (sizes.empty()) return found;
  const double large = Median(sizes) / 2;
  for (const Burst& burst : bursts) {
    if (burst.from_ms < window.warm_up_ms) {
      if (IsCounted(burst)) found.first_load = &burst;
    } else if (IsCounted(burst) && burst.bytes >= large) {
      found.steps.push_back(burst);
    } else {
      found.between += burst.bytes;
    }
  }
  return found;
}

// Blocks that died after they had outlived two steps.
double OldDeaths(const SiteHistory& history, double age_ms) {
  double deaths = 0;
  for (const WeightedBlock& block : history.dead) {
    if (block.death_ms - block.birth_ms > age_ms) deaths += block.weight;
  }
  for (const DeathStep& step : history.steps) {
    if (capture::BandStartMs(step.band) > age_ms) deaths += step.deaths;
  }
  return deaths;
}

double LiveWeight(const SiteHistory& history) {
  double weight = 0;
  for (const WeightedBlock& block : history.survivors) weight += block.weight;
  return weight;
}

// By themselves as regular as a clock makes them: requests that keep much come when they come.
bool IsRegular(const std::vector<double>& gaps) {
  const auto [shortest, longest] = std::minmax_element(gaps.begin(), gaps.end());
  return *longest <= kRegular * *shortest;
}

std::optional<Steps> Measure(const std::vector<Burst>& steps, const Window& window) {
  std::vector<double> sizes, gaps;
  for (size_t i = 0; i < steps.size(); ++i) {
    sizes.push_back(steps[i].bytes);
    if (i > 0) gaps.push_back(steps[i].from_ms - steps[i - 1].from_ms);
  }
  Steps result;
  result.count = static_cast<int>(steps.size());
  result.bytes = Median(sizes);
  result.gap_ms = Median(gaps);
  result.regular = IsRegular(gaps);
  const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
  const auto [shortest, longest] = std::minmax_element(gaps.begin(), gaps.end());
  const double last = steps.back().from_ms;
  if (window.end_ms - last > kSilence * *longest) return std::nullopt;
  for (const Burst& step : steps) {
    if (step.to_ms - step.from_ms > kMostLength * *shortest || !IsEqual(step, result.bytes))
      return std::nullopt;
  }
  result.bytes_per_hour = result.bytes / result.gap_ms * kMsPerHour;
  result.low = std::min(*least / *longest * kMsPerHour, result.bytes_per_hour);
  result.high = std::max(*most / *shortest * kMsPerHour, result.bytes_per_hour);
  return result;
}

}  // namespace

std::optional<Steps> FindSteps(const SiteHistory& history, const Window& window) {
  const std::vector<Burst> bursts = BurstsOf(history, window);
  const Found found = Sort(bursts, window);
  if (found.steps.size() < kStepsAfterAnEqualLoad) return std::nullopt;
  std::optional<Steps> steps = Measure(found.steps, window);
  if (!steps) return std::nullopt;
  const bool loaded = found.first_load != nullptr && IsEqual(*found.first_load, steps->bytes);
  if (!loaded && (steps->count < kStepsAlone || !steps->regular)) return std::nullopt;
  if (found.between > kMostBetween * steps->bytes * steps->count) return std::nullopt;
  const double old = OldDeaths(history, kOldInGaps * steps->gap_ms);
  return old > kFewOldDeaths * LiveWeight(history) ? std::nullopt : steps;
}

}  // namespace leaktrack
