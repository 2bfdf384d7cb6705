// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/sawtooth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <vector>

namespace leaktrack {
namespace {

constexpr double kTooth = 0.3;  // of the range
constexpr double kMinFallBlocks = 3;
constexpr double kBurstShare = 0.5;  // of the deaths
constexpr double kBurstTime = 0.1;   // of the time
constexpr size_t kDeathBins[] = {64, 128, 256, 512, 1024};
constexpr double kDeathsPerBin = 1;  // with fewer, a tenth of the bins holds half of them by chance
constexpr double kMinRepeat = 0.4;   // autocorrelation at the period

// The level from the warm-up to the end, less the straight line through it.
std::vector<double> Detrended(const SiteHistory& history, const Window& window) {
  std::vector<double> level(kGrid);
  for (size_t i = 0; i < kGrid; ++i) {
    level[i] = history.LevelAt(window.warm_up_ms +
                               (window.end_ms - window.warm_up_ms) * double(i + 1) / kGrid);
  }
  const double n = kGrid;
  double mean = 0;
  double slope = 0;
  for (size_t i = 0; i < kGrid; ++i) mean += level[i] / n;
  for (size_t i = 0; i < kGrid; ++i) slope += (level[i] - mean) * (double(i) - (n - 1) / 2);
  slope /= n * (n * n - 1) / 12;
  for (size_t i = 0; i < kGrid; ++i) level[i] -= mean + slope * (double(i) - (n - 1) / 2);
  return level;
}

// What one sampled block is worth here, in bytes.
double BytesPerBlock(const SiteHistory& history) {
  return history.born_bytes / std::max(history.born_samples, 1.0);
}

// Standard deviation of the level by sampling alone: its blocks are a Poisson number.
double Noise(const SiteHistory& history, const Window& window) {
  double highest = 0;
  for (size_t i = 1; i <= 16; ++i)
    highest = std::max(highest, history.LevelAt(window.end_ms * double(i) / 16));
  return std::sqrt(std::max(highest, 0.0) * BytesPerBlock(history));
}

// Bytes that died, over equal stretches of the run.
class Deaths {
 public:
  Deaths(size_t bins, double end_ms) : seen_(bins), per_ms_(static_cast<double>(bins) / end_ms) {}

  // Somewhere in (from, to]: evenly, for all that is known.
  void Add(double from_ms, double to_ms, double bytes) {
    const size_t first = Bin(from_ms);
    const size_t last = Bin(to_ms);
    const double each = bytes / static_cast<double>(last - first + 1);
    seen_[first] += each;
    if (last + 1 < seen_.size()) seen_[last + 1] -= each;
    bytes_ += bytes;
  }

  bool Bursty() {
    const auto bins = static_cast<double>(seen_.size());
    std::partial_sum(seen_.begin(), seen_.end(), seen_.begin());
    const auto top = seen_.begin() + static_cast<ptrdiff_t>(kBurstTime * bins);
    std::nth_element(seen_.begin(), top, seen_.end(), std::greater<>());
    return std::accumulate(seen_.begin(), top, 0.0) >= kBurstShare * bytes_;
  }

 private:
  size_t Bin(double ms) const {
    return std::min(static_cast<size_t>(std::max(0.0, ms * per_ms_)), seen_.size() - 1);
  }

  std::vector<double> seen_;  // each bin less the one before, until they are summed up
  double per_ms_, bytes_ = 0;
};

double CountDeaths(const SiteHistory& history) {
  double count = 0;
  for (const WeightedBlock& block : history.dead) count += block.weight;
  for (const DeathStep& step : history.steps) count += step.deaths;
  return count;
}

bool Bursty(const SiteHistory& history, const Window& window, size_t bins) {
  Deaths deaths(bins, window.end_ms);
  for (const WeightedBlock& block : history.dead)
    deaths.Add(block.death_ms, block.death_ms, block.Bytes());
  for (const DeathStep& step : history.steps) {
    deaths.Add(step.PartEndMs(0), step.time_ms, step.bytes);
  }
  return deaths.Bursty();
}

// The sum of level[i] * level[i + lag]; four sums, which need not wait for each other.
double ShiftedProduct(const std::vector<double>& level, size_t lag) {
  double sums[4] = {};
  size_t i = 0;
  for (; i + lag + 3 < kGrid; i += 4) {
    for (size_t k = 0; k < 4; ++k) sums[k] += level[i + k] * level[i + k + lag];
  }
  for (; i + lag < kGrid; ++i) sums[0] += level[i] * level[i + lag];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

SawtoothShape FindSawtooth(const SiteHistory& history, const Window& window) {
  SawtoothShape teeth;
  if (window.end_ms <= 0) return teeth;
  const double deaths = CountDeaths(history);
  for (const size_t bins : kDeathBins) {
    teeth.bursty |=
        deaths >= kDeathsPerBin * static_cast<double>(bins) && Bursty(history, window, bins);
  }
  if (!teeth.bursty) return teeth;
  const std::vector<double> level = Detrended(history, window);
  const auto [low, high] = std::minmax_element(level.begin(), level.end());
  const double least = std::max(kTooth * (*high - *low), kMinFallBlocks * BytesPerBlock(history));
  std::vector<double> falls;
  double top = level.front();
  double bottom = level.front();
  for (const double now : level) {
    if (now > bottom + least / 2) {  // on the way up again: what has fallen before is one tooth
      if (top - bottom >= least) falls.push_back(top - bottom), top = now;
      bottom = now;
    }
    if (now > top) top = bottom = now;
    bottom = std::min(bottom, now);
  }
  if (top - bottom >= least) falls.push_back(top - bottom);
  teeth.count = static_cast<int>(falls.size());
  if (falls.empty()) return teeth;
  std::nth_element(falls.begin(), falls.begin() + static_cast<ptrdiff_t>(falls.size() / 2),
                   falls.end());
  teeth.bytes = falls[falls.size() / 2];
  return teeth;
}

double PeriodMs(const SiteHistory& history, const Window& window) {
  if (window.end_ms <= 0) return 0;
  const std::vector<double> level = Detrended(history, window);
  double variance = 0;
  for (const double value : level) variance += value * value / kGrid;
  const double noise = Noise(history, window);
  if (variance <= noise * noise || variance <= 0) return 0;
  // The first maximum of the autocorrelation after it has been negative.
  double best = 0;
  size_t best_lag = 0;
  bool was_negative = false;
  for (size_t lag = 2; lag <= kGrid / 2; ++lag) {
    const double repeat = ShiftedProduct(level, lag) / static_cast<double>(kGrid - lag) / variance;
    was_negative |= repeat < 0;
    if (was_negative && repeat > best) best = repeat, best_lag = lag;
    if (best >= kMinRepeat && repeat < 0) break;
  }
  if (best < kMinRepeat) return 0;
  return (window.end_ms - window.warm_up_ms) * static_cast<double>(best_lag) / kGrid;
}

}  // namespace leaktrack
