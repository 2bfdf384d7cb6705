// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/site_history.h"

#include <algorithm>

#include "tools/analysis/stats.h"

namespace leaktrack {
namespace {

using capture::Capture;
using capture::SiteId;

bool Removes(uint8_t band) { return band != capture::kBandBirths && band != capture::kBandRelabelled; }

WeightedBlock Weigh(const capture::Survivor& survivor) {
  WeightedBlock block;
  block.birth_ms = static_cast<double>(survivor.birth_ms);
  block.first_birth_ms = static_cast<double>(std::min(survivor.first_birth_ms, survivor.birth_ms));
  block.size = static_cast<double>(survivor.size);
  block.interval = static_cast<double>(std::max<uint64_t>(survivor.interval_bytes, 1));
  block.chain = survivor.chain;
  block.sampling_probability = SamplingProbability(block.size, block.interval);
  // A damaged file may claim any share; a share of nothing would weigh infinitely.
  const double kept = survivor.keep_probability > 0 && survivor.keep_probability < 1 ? survivor.keep_probability : 1;
  block.probability = std::max(block.sampling_probability * kept, 1e-12);
  return block;
}

// What the interval of the end of the run would have sampled of these deaths, never more than what was.
double AsSampledWith(double interval, const capture::CellPoint& deaths) {
  const auto samples = static_cast<double>(deaths.samples);
  if (deaths.objects <= 0 || deaths.bytes <= 0) return samples;
  return std::min(samples, deaths.objects * SamplingProbability(deaths.bytes / deaths.objects, interval));
}

void AddCells(const capture::CellSeries& series, double interval, SiteHistory& history) {
  if (series.points.empty()) return;
  const capture::CellPoint& last = series.points.back();
  const double sign = Removes(series.band) ? -1 : 1;
  history.net_bytes += sign * last.bytes;
  history.net_objects += sign * last.objects;
  if (last.variance > 0) history.exact = false;
  if (series.band == capture::kBandBirths) {
    history.born_bytes += last.bytes;
    history.born_samples += static_cast<double>(last.samples);
  } else if (series.band <= capture::kBandLast) {
    const double deaths = AsSampledWith(interval, last);
    history.deaths_by_band[series.band] += deaths;
    uint64_t before = 0;
    for (const capture::CellPoint& point : series.points) {
      const double share = static_cast<double>(point.samples - std::min(before, point.samples)) /
                           static_cast<double>(std::max<uint64_t>(last.samples, 1));
      history.death_steps.push_back({static_cast<double>(point.time_ms), series.band, share * deaths});
      before = point.samples;
    }
  }
}

void SortByBirth(SiteHistory& history) {
  std::stable_sort(history.survivors.begin(), history.survivors.end(),
                   [](const WeightedBlock& a, const WeightedBlock& b) { return a.birth_ms < b.birth_ms; });
}

}  // namespace

std::map<SiteId, SiteHistory> GatherHistories(const Capture& capture) {
  std::map<SiteId, SiteHistory> histories;
  const auto at = [&](SiteId site) -> SiteHistory& {
    SiteHistory& history = histories[site];
    if (history.sites.empty()) {
      history.sites.push_back(site);
      const auto stack = capture.stacks.find(site);
      if (stack != capture.stacks.end()) history.kind = stack->second.kind;
    }
    return history;
  };
  const auto interval = static_cast<double>(std::max<uint64_t>(capture.interval_now, 1));
  for (const capture::CellSeries& series : capture.cells) AddCells(series, interval, at(series.site));
  for (const capture::Survivor& survivor : capture.survivors) {
    SiteHistory& history = at(survivor.site);
    history.survivors.push_back(Weigh(survivor));
    if (survivor.keep_probability < 1) history.kept_in_part = true;
    if (survivor.interval_bytes > 1) history.exact = false;
  }
  for (const capture::KeptDeath& death : capture.kept_deaths) {
    if (death.chain == 0) continue;
    at(death.site).chained_deaths.push_back({static_cast<double>(death.birth_ms), static_cast<double>(death.death_ms),
                                             static_cast<double>(death.size), death.chain});
  }
  for (auto& [site, history] : histories) SortByBirth(history);
  return histories;
}

SiteHistory MergeHistories(const std::vector<const SiteHistory*>& parts) {
  SiteHistory sum;
  if (!parts.empty()) sum.kind = parts.front()->kind;
  for (const SiteHistory* part : parts) {
    sum.sites.insert(sum.sites.end(), part->sites.begin(), part->sites.end());
    sum.survivors.insert(sum.survivors.end(), part->survivors.begin(), part->survivors.end());
    sum.chained_deaths.insert(sum.chained_deaths.end(), part->chained_deaths.begin(), part->chained_deaths.end());
    sum.death_steps.insert(sum.death_steps.end(), part->death_steps.begin(), part->death_steps.end());
    for (size_t band = 0; band < sum.deaths_by_band.size(); ++band) sum.deaths_by_band[band] += part->deaths_by_band[band];
    sum.born_bytes += part->born_bytes;
    sum.born_samples += part->born_samples;
    sum.net_bytes += part->net_bytes;
    sum.net_objects += part->net_objects;
    sum.kept_in_part |= part->kept_in_part;
    sum.exact &= part->exact;
  }
  SortByBirth(sum);
  return sum;
}

double LiveHeapBytesAt(const Capture& capture, uint64_t time_ms) {
  double total = 0;
  for (const capture::CellSeries& series : capture.cells) {
    const auto stack = capture.stacks.find(series.site);
    if (stack != capture.stacks.end() && stack->second.kind == capture::SiteKind::kMapping) continue;
    const auto after = std::upper_bound(series.points.begin(), series.points.end(), time_ms,
                                        [](uint64_t t, const capture::CellPoint& p) { return t < p.time_ms; });
    if (after != series.points.begin()) total += (Removes(series.band) ? -1 : 1) * std::prev(after)->bytes;
  }
  return std::max(total, 0.0);
}

}  // namespace leaktrack
