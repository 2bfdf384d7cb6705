// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/process_account.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "tools/analysis/process/forecast.h"
#include "tools/analysis/process/memory_account.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack {
namespace {

constexpr double kHorizons[] = {3600, 24 * 3600, 7 * 24 * 3600};  // seconds
constexpr size_t kFanPoints = 24;
constexpr double kLowShare = .1, kMidShare = .5, kHighShare = .9;

bool Known(int64_t value) { return value != capture::kNotKnown; }

struct Limit {
  int64_t bytes = 0;
  double headroom = 0;
  LimitKind kind = LimitKind::kNone;
};

double Room(int64_t limit, int64_t used) {
  return std::max(0.0, static_cast<double>(limit - used));
}

std::optional<Limit> CgroupLimit(const capture::MemorySample& now) {
  if (now.cgroup_max <= 0 || !Known(now.cgroup_current)) return std::nullopt;
  const int64_t reclaimable = std::clamp<int64_t>(now.cgroup_reclaimable, 0, now.cgroup_current);
  return Limit{now.cgroup_max, Room(now.cgroup_max, now.cgroup_current - reclaimable),
               LimitKind::kCgroup};
}

// What killed it, rather than what a reading said a second before.
std::optional<Limit> FatalLimit(const std::optional<capture::OomKill>& kill) {
  if (!kill || kill->limit_bytes <= 0) return std::nullopt;
  return Limit{kill->limit_bytes, 0, LimitKind::kCgroup};
}

std::optional<Limit> FindLimit(const capture::MemorySample& now,
                               const std::optional<int64_t>& asked) {
  if (asked && Known(now.rss)) return Limit{*asked, Room(*asked, now.rss), LimitKind::kOption};
  if (const std::optional<Limit> cgroup = CgroupLimit(now)) return cgroup;
  const int64_t space = Known(now.address_space) ? now.address_space : now.rss;
  if (now.rlimit_as > 0 && Known(space))
    return Limit{now.rlimit_as, Room(now.rlimit_as, space), LimitKind::kRlimit};
  if (now.machine_total > 0 && Known(now.machine_available)) {
    return Limit{now.machine_total, std::max(0.0, static_cast<double>(now.machine_available)),
                 LimitKind::kMachine};
  }
  return std::nullopt;
}

Status StatusOf(const StatusLevels& levels, const ProcessResult& process) {
  constexpr Status kStatus[] = {Status::kWarning, Status::kCritical, Status::kOomImminent};
  Status status = Status::kOk;
  for (size_t i = 0; i < levels.use.size(); ++i) {
    const bool used = process.used_fraction && *process.used_fraction >= levels.use[i];
    const bool soon = process.seconds_mid && *process.seconds_mid < levels.seconds[i];
    if (used || soon) status = kStatus[i];
  }
  return status;
}

// The accused sites, and what belongs to none: resident memory, which says nothing of an address
// space.
std::vector<GrowthModel> WhatGrows(const Analysis& analysis, const ProcessResult& process) {
  std::vector<GrowthModel> models;
  for (const SiteResult& site : analysis.sites) {
    if (!site.significant) continue;
    if (const std::optional<GrowthModel> model = ModelOf(site)) models.push_back(*model);
  }
  if (process.limit_kind == LimitKind::kRlimit) return models;
  if (const std::optional<GrowthModel> model = ModelOf(analysis.memory.unplaced_growth)) {
    models.push_back(*model);
  }
  return models;
}

double MeanOver(const GrowthModel& model, double hours) {
  const double exponent = model.slope_per_hour * hours;
  if (std::abs(exponent) < 1e-6) return model.end_bytes_per_hour;
  return model.end_bytes_per_hour * -std::expm1(-exponent) / exponent;
}

// What the sites say is requested bytes: resident memory says what they cost. Where it grows, the
// sum of all grows at its rate, and what no site accounts for is in it, too.
void HoldToResident(const Analysis& analysis, double cost, std::vector<GrowthModel>& models) {
  const std::optional<MeasuredGrowth>& measured = analysis.measured_growth;
  if (!measured || measured->sum != GrowingSum::kResident || !measured->goes_on) return;
  const Rate& rate = measured->rate;
  const double hours = std::max(1e-9, (analysis.judged_seconds - measured->from_seconds) / 3600);
  double said = 0;
  for (const GrowthModel& model : models) said += cost * MeanOver(model, hours);
  if (said > rate.high) {
    for (GrowthModel& model : models) model.end_bytes_per_hour *= rate.high / said;
  } else if (said < rate.low) {
    const Rate rest{(rate.mid - said) / cost, (rate.low - said) / cost, (rate.high - said) / cost};
    if (const std::optional<GrowthModel> model = ModelOf(rest)) models.push_back(*model);
  }
}

// Reserved memory counts against RLIMIT_AS, where a resident page counts no more than any other.
bool CountsAgainst(const ProcessResult& process, const MemoryResult& memory) {
  return process.limit_kind == LimitKind::kRlimit || memory.memory_class != MemoryClass::kUntouched;
}

// How far ahead a picture looks: past the limit if it is near, and not so far that the run itself
// shrinks to a line.
double FanSeconds(const Analysis& analysis, const ProcessResult& process) {
  const double run = std::max(analysis.duration_seconds, 1.0);
  return std::clamp(1.25 * process.seconds_mid.value_or(run), run / 4, run * 3);
}

void Foresee(const Analysis& analysis, ProcessResult& process) {
  if (!process.headroom_bytes || !CountsAgainst(process, analysis.memory)) return;
  std::vector<GrowthModel> growing = WhatGrows(analysis, process);
  const bool of_address_space = process.limit_kind == LimitKind::kRlimit;
  const double cost = of_address_space ? 1 : analysis.memory.resident_per_live.value_or(1);
  if (!of_address_space) HoldToResident(analysis, cost, growing);
  if (growing.empty()) return;
  const Forecast forecast(growing, *process.headroom_bytes, cost);
  process.seconds_low = forecast.SecondsAt(kLowShare);
  process.seconds_mid = forecast.SecondsAt(kMidShare);
  process.seconds_high = forecast.SecondsAt(kHighShare);
  process.fan = FanOf(growing, cost, FanSeconds(analysis, process), kFanPoints);
  for (const double horizon : kHorizons)
    process.odds.push_back({horizon, forecast.ProbabilityWithin(horizon)});
}

}  // namespace

std::optional<Rate> TotalGrowth(const std::vector<SiteResult>& sites) {
  std::optional<Rate> total;
  double below = 0;
  double above = 0;
  for (const SiteResult& site : sites) {
    if (!site.significant || !site.growth) continue;
    if (!total) total.emplace();
    total->mid += site.growth->mid;
    below += std::pow(site.growth->mid - site.growth->low, 2);  // sites are sampled independently
    above += std::pow(site.growth->high - site.growth->mid, 2);
  }
  if (total) {
    total->low = std::max(0.0, total->mid - std::sqrt(below));
    total->high = total->mid + std::sqrt(above);
  }
  return total;
}

ProcessResult LimitOf(const capture::Capture& capture, const AnalyzeOptions& options) {
  ProcessResult result;
  const capture::MemorySample* now = LastLook(capture);
  if (now != nullptr && Known(now->cgroup_current)) result.cgroup_used_bytes = now->cgroup_current;
  std::optional<Limit> limit = FatalLimit(capture.oom_kill);
  if (now != nullptr && (!limit || options.limit_bytes))
    limit = FindLimit(*now, options.limit_bytes);
  if (!limit) return result;
  result.limit_bytes = limit->bytes;
  result.limit_kind = limit->kind;
  result.headroom_bytes = limit->headroom;
  result.used_fraction = 1 - std::min(1.0, limit->headroom / static_cast<double>(limit->bytes));
  return result;
}

void AccountForProcess(const capture::Capture& capture, const AnalyzeOptions& options,
                       Analysis& analysis) {
  analysis.total_growth = TotalGrowth(analysis.sites);
  analysis.memory = AccountForMemory(capture, analysis.sites);
  // A class that knows only large movements does not deny what was measured.
  if (analysis.memory.memory_class == MemoryClass::kSteady && analysis.measured_growth &&
      analysis.measured_growth->goes_on)
    analysis.memory.memory_class = MemoryClass::kUnknown;
  analysis.process = LimitOf(capture, options);
  const MemorySeries series = SeriesOf(capture);
  analysis.process.cgroup_growth = SlopePerHour(series.hours, series.cgroup);
  if (!capture.oom_kill) Foresee(analysis, analysis.process);
  analysis.process.status = StatusOf(options.levels, analysis.process);
}

}  // namespace leaktrack
