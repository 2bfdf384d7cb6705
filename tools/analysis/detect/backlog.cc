// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/backlog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kMinRise = 1.3;        // of the level since the first quarter
constexpr double kMaxBirthsRise = 1.3;  // last third over first third
constexpr double kStillGrowing = 0.3;   // of that rise, since 0.6 of the run
constexpr double kOldestAge = 1.0 / 3;
constexpr size_t kAges = capture::kBandLast + 1;  // by the bands that deaths are counted in
constexpr size_t kStretches = 16;
constexpr double kMaxChained = 0.1;   // of the blocks
constexpr double kStillServed = 0.5;  // deaths in the last third, of those in the middle one

struct Group {
  std::array<double, kAges> deaths{}, censored{};
  double time = 0, all_deaths = 0;
};

void Add(Group& group, double age, bool died, double weight, double oldest) {
  group.time += weight * std::min(age, oldest);
  if (age >= oldest) return;  // lived through all ages that are compared
  (died ? group.deaths : group.censored)[capture::AgeBand(static_cast<uint64_t>(age))] += weight;
  if (died) group.all_deaths += weight;
}

struct Groups {
  Group early, late;
  double early_blocks = 0, late_blocks = 0;
  std::array<double, kStretches> deaths_over_time{};
};

Groups Split(const SiteHistory& history, const Window& window) {
  Groups groups;
  const double half = (window.warm_up_ms + window.end_ms) / 2;
  // Down to where a band begins, so that none is cut.
  const auto oldest = static_cast<double>(
      capture::BandStartMs(capture::AgeBand(static_cast<uint64_t>(window.end_ms * kOldestAge))));
  const auto add = [&](double birth, double age, bool died, double weight) {
    if (birth < window.warm_up_ms) return;
    (birth < half ? groups.early_blocks : groups.late_blocks) += weight;
    Add(birth < half ? groups.early : groups.late, age, died, weight, oldest);
    if (!died) return;
    const double place = std::clamp((birth + age) / window.end_ms, 0.0, 1.0) * kStretches;
    groups.deaths_over_time[std::min(static_cast<size_t>(place), kStretches - 1)] += weight;
  };
  for (const WeightedBlock& block : history.survivors)
    add(block.birth_ms, window.end_ms - block.birth_ms, false, block.weight);
  for (const WeightedBlock& block : history.dead)
    add(block.birth_ms, block.death_ms - block.birth_ms, true, block.weight);
  for (const DeathStep& step : history.steps) {
    const double age = kBandMiddleMs[step.band];
    for (int part = 1; part <= step.parts; ++part)
      add(step.PartEndMs(part) - age, age, true, step.deaths / step.parts);
  }
  return groups;
}

// Variance over mean of the deaths per stretch around their straight-line trend: a collector frees
// in bursts.
double Dispersion(const std::array<double, kStretches>& seen) {
  double sum = 0;
  double squares = 0;
  for (size_t i = 1; i + 1 < kStretches; ++i) {
    const double bend =
        seen[i] - (seen[i - 1] + seen[i + 1]) / 2;  // variance 1.5 times that of one stretch
    squares += bend * bend / 1.5;
    sum += seen[i];
  }
  return sum > 0 ? std::max(1.0, squares / sum) : 1;
}

// A queue goes on serving; what a collector has not looked at yet is no queue.
bool IsServed(const Groups& groups) {
  double middle = 0;
  double last = 0;
  for (size_t i = 0; i < kStretches; ++i) {
    if (3 * i >= kStretches && 3 * i < 2 * kStretches) middle += groups.deaths_over_time[i];
    if (3 * i >= 2 * kStretches) last += groups.deaths_over_time[i];
  }
  return last > 0 && last >= kStillServed * middle;
}

// Above 0: the early-born die faster at equal ages.
double LogRank(const Groups& groups) {
  double early = groups.early_blocks;
  double late = groups.late_blocks;
  double off = 0;
  double variance = 0;
  for (size_t i = 0; i < kAges; ++i) {
    // Who was censored in this band counts as not at risk in it: of a FIFO's band all die at its
    // end. That can only make the late-born look shorter-lived.
    const double early_risk = early - groups.early.censored[i];
    const double late_risk = late - groups.late.censored[i];
    const double risk = early_risk + late_risk;
    const double deaths = groups.early.deaths[i] + groups.late.deaths[i];
    if (risk > 1 && early_risk > 0 && late_risk > 0 && deaths > 0) {
      off += groups.early.deaths[i] - deaths * early_risk / risk;
      variance += deaths * early_risk * late_risk / (risk * risk) *
                  std::max(0.0, (risk - deaths) / (risk - 1));
    }
    early -= groups.early.deaths[i] + groups.early.censored[i];
    late -= groups.late.deaths[i] + groups.late.censored[i];
  }
  return variance > 0 ? off / std::sqrt(variance * Dispersion(groups.deaths_over_time)) : 0;
}

// A block that realloc moves is not served: lists that are appended to ever more rarely would look
// like a queue.
bool Chained(const SiteHistory& history) {
  const auto in_chain = [](const WeightedBlock& block) { return block.chain != 0; };
  const auto chained = std::count_if(history.survivors.begin(), history.survivors.end(), in_chain) +
                       std::count_if(history.dead.begin(), history.dead.end(), in_chain);
  return static_cast<double>(chained) >
         kMaxChained * static_cast<double>(history.survivors.size() + history.dead.size());
}

// The standard deviation of the level's rise: blocks that are alive at both ends cancel.
double RiseError(const SiteHistory& history, double from_ms, double level_then) {
  double variance = 0;
  double bytes = 0;
  for (const WeightedBlock& block : history.survivors) {
    if (block.birth_ms > from_ms) variance += block.Bytes() * block.Bytes();
    bytes += block.Bytes();
  }
  const double per_block =
      history.survivors.empty() ? 0 : bytes / static_cast<double>(history.survivors.size());
  return std::sqrt(variance + per_block * std::max(level_then, 0.0));
}

}  // namespace

std::optional<Backlog> FindBacklog(const SiteHistory& history, const Window& window) {
  // The clock of the records goes in steps of 10 ms: in a short run a death that comes one late
  // looks like a queue.
  if (Chained(history) || window.end_ms < kShortestRunSeconds * 1e3) return std::nullopt;
  const double end = window.end_ms;
  const auto level = [&](double share) { return history.LevelAt(share * end); };
  const double rise = level(1) - level(.25);
  if (level(1) < kMinRise * level(.25) || rise <= 0 || level(1) - level(.6) < kStillGrowing * rise)
    return std::nullopt;
  const double first = history.BornAt(end / 3) - history.BornAt(window.warm_up_ms);
  const double per_ms = first / (end / 3 - window.warm_up_ms);
  const double last_per_ms = (history.BornAt(end) - history.BornAt(end * 2 / 3)) / (end / 3);
  if (first <= 0 || last_per_ms > kMaxBirthsRise * per_ms) return std::nullopt;

  const Groups groups = Split(history, window);
  const double error = RiseError(history, .25 * end, level(.25));
  if (error <= 0 || !IsServed(groups)) return std::nullopt;
  const double z = std::min(LogRank(groups), rise / error);
  Backlog backlog;
  backlog.p = std::min(1.0, 2 * NormalUpperTail(z));
  const double recent_error =
      kZ90 * RiseError(history, .6 * end, level(.6)) / (.4 * end) * kMsPerHour;
  backlog.bytes_per_hour = (level(1) - level(.6)) / (.4 * end) * kMsPerHour;
  backlog.low = std::max(0.0, backlog.bytes_per_hour - recent_error);
  backlog.high = backlog.bytes_per_hour + recent_error;
  const double oldest = end * kOldestAge;
  backlog.early_life_ms =
      std::min(oldest, groups.early.time / std::max(groups.early.all_deaths, 1.0));
  backlog.late_life_ms = std::min(oldest, groups.late.time / std::max(groups.late.all_deaths, 1.0));
  return backlog;
}

}  // namespace leaktrack
