// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page/html_series.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "tools/analysis/model/stats.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack {
namespace {

using capture::MemorySample;

constexpr std::array<double, 7> kAgeEnds = {1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600};  // seconds

std::vector<const MemorySample*> Peaks(const std::vector<MemorySample>& samples) {
  std::vector<const MemorySample*> peaks;
  const size_t step = samples.size() / kMostReadings + 1;
  for (size_t begin = 0; begin < samples.size(); begin += step) {
    const auto first = samples.begin() + static_cast<ptrdiff_t>(begin);
    const auto last =
        samples.begin() + static_cast<ptrdiff_t>(std::min(begin + step, samples.size()));
    peaks.push_back(&*std::max_element(first, last,
                                       [](const auto& a, const auto& b) { return a.rss < b.rss; }));
  }
  return peaks;
}

template <typename Value>
Json Column(const std::vector<const MemorySample*>& samples, const Value& value) {
  Json column = Json::array();
  for (const MemorySample* sample : samples) {
    const int64_t number = value(*sample);
    column.push_back(number == capture::kNotKnown ? Json() : Json(number));
  }
  return column;
}

Json WholeColumn(const std::vector<double>& values) {
  Json column = Json::array();
  for (const double value : values) column.push_back(Whole(value));
  return column;
}

// Which entry of `sites` a capture's site belongs to.
std::unordered_map<capture::SiteId, size_t> Owners(SiteView sites) {
  std::unordered_map<capture::SiteId, size_t> owners;
  for (size_t i = 0; i < sites.size(); ++i) {
    for (const capture::SiteId site : sites[i].sites) owners.emplace(site, i);
  }
  return owners;
}

using Curve = std::vector<double>;

size_t CurvePoints(const capture::Capture& capture) {
  return std::clamp<size_t>(capture.duration_ms / 1000, 1, kMostCurvePoints);
}

// Adds a counter's sums at each step: it keeps its last value until its next point.
void AddCounter(const capture::CellSeries& series, double step_ms, double sign, Curve& curve) {
  size_t next = 0;
  double bytes = 0;
  for (size_t i = 0; i < curve.size(); ++i) {
    // The last step takes all: what the division rounds away must not hide the end of the run.
    const double until = i + 1 == curve.size() ? INFINITY : step_ms * static_cast<double>(i + 1);
    while (next < series.points.size() && static_cast<double>(series.points[next].time_ms) <= until)
      bytes = series.points[next++].bytes;
    curve[i] += sign * bytes;
  }
}

}  // namespace

Json MemoryOverTimeJson(const capture::Capture& capture) {
  const std::vector<const MemorySample*> samples = Peaks(capture.memory);
  std::vector<uint64_t> times_ms;
  Json seconds = Json::array();
  for (const MemorySample* sample : samples) {
    times_ms.push_back(sample->time_ms);
    seconds.push_back(static_cast<double>(sample->time_ms) / 1e3);
  }
  return {{"seconds", seconds},
          {"rss", Column(samples, [](const MemorySample& at) { return at.rss; })},
          {"anonymous", Column(samples, [](const MemorySample& at) { return at.anonymous; })},
          {"files", Column(samples,
                           [](const MemorySample& at) {
                             return at.file == capture::kNotKnown
                                        ? at.file
                                        : at.file + std::max<int64_t>(at.shared, 0);
                           })},
          {"heap", WholeColumn(LiveBytesAt(capture, capture::SiteKind::kHeap, times_ms))},
          {"retained", Column(samples, [](const MemorySample& at) { return at.allocator_free; })},
          {"mapped", WholeColumn(LiveBytesAt(capture, capture::SiteKind::kMapping, times_ms))},
          {"stack", Column(samples, [](const MemorySample& at) { return at.stack; })},
          {"cgroup_limit", Column(samples, [](const MemorySample& at) { return at.cgroup_max; })}};
}

std::vector<Json> CurvesJson(const capture::Capture& capture, SiteView sites) {
  const std::unordered_map<capture::SiteId, size_t> owners = Owners(sites);
  const size_t points = CurvePoints(capture);
  std::vector<Curve> levels(sites.size(), Curve(points)), born(levels);
  const double step_ms = static_cast<double>(capture.duration_ms) / static_cast<double>(points);
  for (const capture::CellSeries& series : capture.cells) {
    const auto owner = owners.find(series.site);
    if (owner == owners.end()) continue;
    const bool adds =
        series.band == capture::kBandBirths || series.band == capture::kBandRelabelled;
    AddCounter(series, step_ms, adds ? 1 : -1, levels[owner->second]);
    if (series.band == capture::kBandBirths) AddCounter(series, step_ms, 1, born[owner->second]);
  }
  std::vector<Json> curves;
  for (size_t i = 0; i < sites.size(); ++i) {
    for (double& bytes : levels[i]) bytes = std::max(bytes, 0.0);
    curves.push_back({{"level", WholeColumn(levels[i])}, {"born", WholeColumn(born[i])}});
  }
  return curves;
}

Json AgeBandsJson() { return kAgeEnds; }

std::vector<Json> AgesJson(const capture::Capture& capture, SiteView sites) {
  const std::unordered_map<capture::SiteId, size_t> owners = Owners(sites);
  std::vector<std::vector<double>> ages(sites.size(), std::vector<double>(kAgeEnds.size() + 1));
  for (const capture::Survivor& block : capture.survivors) {
    const auto owner = owners.find(block.site);
    if (owner == owners.end()) continue;
    const double seconds = block.birth_ms < capture.duration_ms
                               ? static_cast<double>(capture.duration_ms - block.birth_ms) / 1e3
                               : 0;
    const auto band = static_cast<size_t>(
        std::upper_bound(kAgeEnds.begin(), kAgeEnds.end(), seconds) - kAgeEnds.begin());
    const auto size = static_cast<double>(block.size);
    // A damaged file may claim any share.
    const double kept = block.keep_probability > 0 && block.keep_probability < 1
                            ? std::max(block.keep_probability, 1e-12)
                            : 1;
    ages[owner->second][band] +=
        size / (SamplingProbability(
                    size, static_cast<double>(std::max<uint64_t>(block.interval_bytes, 1))) *
                kept);
  }
  std::vector<Json> columns;
  for (const std::vector<double>& one : ages) columns.push_back(WholeColumn(one));
  return columns;
}

}  // namespace leaktrack
