// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/history/clock.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace leaktrack {
namespace {

constexpr double kMinSamples = 500;  // below, the clock's own noise would look like a load
constexpr int kMinSteps = 5;
constexpr int kManySteps = 20;  // "20 blocks of counted work" stand for ten minutes
constexpr double kMinStray =
    0.03;  // a clock that runs like the wall's would only cost a factor of two

// Takes the bytes of `blocks` off every grid point from their birth on.
void TakeOff(const std::vector<WeightedBlock>& blocks, double end_ms, std::vector<double>& rates) {
  for (const WeightedBlock& block : blocks) {
    const auto bin =
        static_cast<size_t>(std::clamp(block.birth_ms / end_ms * kGrid, 0.0, kGrid - 1.0));
    rates[bin] -= block.Bytes();
  }
}

}  // namespace

Clock::Clock(std::vector<double> sums, double end_ms) : sums_(std::move(sums)), run_ms_(end_ms) {
  if (!sums_.empty() && sums_.back() > 0) scale_ = end_ms / sums_.back();
}

double Clock::At(double ms) const {
  if (run_ms_ <= 0 || sums_.empty() || sums_.back() <= 0) return ms;
  const double place = std::clamp(ms / run_ms_, 0.0, 1.0) * static_cast<double>(sums_.size());
  const auto bin = std::min(static_cast<size_t>(place), sums_.size() - 1);
  const double before = bin == 0 ? 0 : sums_[bin - 1];
  return scale_ * (before + (sums_[bin] - before) * (place - static_cast<double>(bin)));
}

Clock Clock::Until(double end_ms) const {
  Clock part = *this;
  const double work = At(end_ms) / scale_;
  if (work > 0) part.scale_ = end_ms / work;
  return part;
}

double Clock::Strays() const {
  double most = 0;
  for (size_t i = 0; i < sums_.size(); ++i) {
    const double ms = run_ms_ * static_cast<double>(i + 1) / static_cast<double>(sums_.size());
    most = std::max(most, std::abs(At(ms) - ms) / run_ms_);
  }
  return most;
}

std::optional<Clock> ClockOfChurn(const std::map<capture::SiteId, SiteHistory>& histories,
                                  double end_ms) {
  std::vector<double> work(kGrid);
  double samples = 0;
  for (const auto& [site, history] : histories) {
    const Curve* const born = history.curves == nullptr ? nullptr : &history.curves->born;
    for (size_t i = 0; i < kGrid && born != nullptr; ++i)
      work[i] += (*born)[i] - (i == 0 ? 0 : (*born)[i - 1]);
    TakeOff(history.survivors, end_ms, work);
    TakeOff(history.dead, end_ms, work);
    samples +=
        history.born_samples - static_cast<double>(history.survivors.size() + history.dead.size());
  }
  if (samples < kMinSamples || end_ms <= 0) return std::nullopt;
  double sum = 0;
  for (double& part : work) part = sum += std::max(part, 0.0);
  if (sum <= 0) return std::nullopt;
  // A clock that stands still has no inverse and would pile births up in one place: it always moves
  // a little.
  for (size_t i = 0; i < kGrid; ++i) work[i] += 1e-3 * sum * static_cast<double>(i + 1) / kGrid;
  Clock clock(std::move(work), end_ms);
  if (clock.Strays() < kMinStray) return std::nullopt;
  return clock;
}

std::optional<CountedWork> ClockOfUnits(const capture::Capture& capture, double end_ms) {
  std::vector<double> work(kGrid);
  int64_t before = 0;
  int steps = 0;
  size_t next = 0;
  for (const capture::MemorySample& sample : capture.memory) {
    const auto ms = static_cast<double>(sample.time_ms);
    if (sample.work_units <= before || ms > end_ms) continue;
    for (; next < kGrid && end_ms * static_cast<double>(next + 1) / kGrid < ms; ++next)
      work[next] = static_cast<double>(before);
    before = sample.work_units;
    ++steps;
  }
  for (; next < kGrid; ++next) work[next] = static_cast<double>(before);
  if (steps < kMinSteps) return std::nullopt;
  for (size_t i = 0; i < kGrid; ++i)
    work[i] += 1e-3 * static_cast<double>(before) * static_cast<double>(i + 1) / kGrid;
  return CountedWork{Clock(std::move(work), end_ms), steps >= kManySteps};
}

}  // namespace leaktrack
