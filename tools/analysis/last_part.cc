// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/last_part.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libtrack/capture/age_band.h"
#include "tools/analysis/analyze.h"

namespace leaktrack {
namespace {

using capture::Capture;
using capture::CellPoint;
using capture::CellSeries;
using capture::SiteId;

uint64_t Later(uint64_t time_ms, uint64_t from_ms) { return time_ms - std::min(time_ms, from_ms); }

void Add(const CellPoint& part, double sign, CellPoint& sum) {
  sum.objects += sign * part.objects;
  sum.bytes += sign * part.bytes;
  sum.bytes_squared += sign * part.bytes_squared;
  sum.variance += sign * part.variance;
}

// Counters that begin anew: what was alive then is born at time 0, and deaths are no older than the
// window.
class Counters {
 public:
  explicit Counters(uint64_t from_ms) : from_ms_(from_ms) {}

  void Take(const CellSeries& series) {
    CellPoint before;
    for (const CellPoint& point : series.points) {
      if (point.time_ms > from_ms_) AddStep(series, before, point);
      before = point;
      if (point.time_ms <= from_ms_) before_ = point;
    }
    AddAlive(series);
  }

  std::vector<CellSeries> Cells() {
    for (const auto& [site, alive] : alive_) {
      CellPoint& start = steps_[{site, capture::kBandBirths}][0];
      start.samples += static_cast<uint64_t>(std::clamp(alive.samples, 0.0, 1e18));
      start.objects += std::max(alive.sums.objects, 0.0);
      start.bytes += std::max(alive.sums.bytes, 0.0);
      start.bytes_squared += std::max(alive.sums.bytes_squared, 0.0);
      start.variance += std::max(alive.sums.variance, 0.0);
    }
    std::vector<CellSeries> cells;
    for (const auto& [key, steps] : steps_) {
      cells.push_back({key.first, key.second, {}});
      CellPoint sum;
      for (const auto& [time_ms, step] : steps) {
        sum.time_ms = time_ms;
        sum.samples += step.samples;
        Add(step, 1, sum);
        cells.back().points.push_back(sum);
      }
    }
    return cells;
  }

 private:
  struct Alive {
    double samples =
        0;  // not a whole number: a damaged file may hold any, and their sum must not overflow
    CellPoint sums;
  };

  void AddStep(const CellSeries& series, const CellPoint& before, const CellPoint& point) {
    const uint64_t time_ms = point.time_ms - from_ms_;
    const bool death = series.band >= capture::kBandYoungest && series.band <= capture::kBandLast;
    const bool older = death && capture::BandStartMs(series.band) > time_ms;
    CellPoint& step =
        steps_[{series.site, older ? capture::AgeBand(time_ms) : series.band}][time_ms];
    step.samples += point.samples - std::min(before.samples, point.samples);
    Add(point, 1, step);
    Add(before, -1, step);
  }

  void AddAlive(const CellSeries& series) {
    const CellPoint at_start = std::exchange(before_, {});
    const bool comes =
        series.band == capture::kBandBirths || series.band == capture::kBandRelabelled;
    Alive& alive = alive_[series.site];
    alive.samples += (comes ? 1 : -1) * static_cast<double>(at_start.samples);
    Add(at_start, comes ? 1 : -1, alive.sums);
  }

  const uint64_t from_ms_;
  CellPoint before_;  // of the series that is taken
  std::map<std::pair<SiteId, uint8_t>, std::map<uint64_t, CellPoint>> steps_;
  std::map<SiteId, Alive> alive_;
};

// The last reading before the window is the first one in it.
std::vector<capture::MemorySample> LaterMemory(const std::vector<capture::MemorySample>& memory,
                                               uint64_t from_ms) {
  std::vector<capture::MemorySample> later;
  int64_t work_before = 0;
  for (const capture::MemorySample& sample : memory) {
    if (sample.time_ms <= from_ms) {
      later.clear();
      work_before = std::max(work_before, sample.work_units);
    }
    later.push_back(sample);
    later.back().time_ms = Later(sample.time_ms, from_ms);
    if (sample.allocator_read_ms > 0) {
      later.back().allocator_read_ms =
          static_cast<int64_t>(Later(static_cast<uint64_t>(sample.allocator_read_ms), from_ms));
    }
    if (sample.work_units >= 0)
      later.back().work_units = std::max<int64_t>(sample.work_units - work_before, 0);
  }
  return later;
}

// The figures that are not of the window.
class WholeRun {
 public:
  explicit WholeRun(const Capture& capture) : end_ms_(capture.duration_ms) {
    for (const CellSeries& series : capture.cells) {
      if (series.band == capture::kBandBirths && !series.points.empty())
        born_[series.site] += series.points.back().bytes;
    }
    for (const capture::Survivor& survivor : capture.survivors) {
      const auto [at, fresh] = oldest_.try_emplace(survivor.site, end_ms_);
      at->second = std::min({at->second, survivor.first_birth_ms, survivor.birth_ms});
    }
  }

  void Restore(SiteResult& site) const {
    uint64_t first_ms = end_ms_;
    site.born_bytes = 0;
    for (const SiteId id : site.sites) {
      if (const auto born = born_.find(id); born != born_.end()) site.born_bytes += born->second;
      if (const auto oldest = oldest_.find(id); oldest != oldest_.end())
        first_ms = std::min(first_ms, oldest->second);
    }
    if (first_ms < end_ms_) site.oldest_seconds = static_cast<double>(end_ms_ - first_ms) / 1e3;
  }

 private:
  uint64_t end_ms_;
  std::unordered_map<SiteId, double> born_;
  std::unordered_map<SiteId, uint64_t> oldest_;
};

}  // namespace

Capture LastPart(const Capture& capture, uint64_t from_ms) {
  Capture part = capture;
  part.duration_ms = Later(capture.duration_ms, from_ms);
  for (capture::Survivor& survivor : part.survivors) {
    survivor.birth_ms = Later(survivor.birth_ms, from_ms);
    survivor.first_birth_ms = Later(survivor.first_birth_ms, from_ms);
  }
  // Deaths of older blocks stay in the counters, where they are dated from the window's beginning.
  std::erase_if(part.kept_deaths,
                [&](const capture::KeptDeath& death) { return death.birth_ms < from_ms; });
  for (capture::KeptDeath& death : part.kept_deaths) {
    death.birth_ms = Later(death.birth_ms, from_ms);
    death.death_ms = Later(death.death_ms, from_ms);
  }
  Counters counters(from_ms);
  for (const CellSeries& series : capture.cells) counters.Take(series);
  part.cells = counters.Cells();
  part.memory = LaterMemory(capture.memory, from_ms);
  return part;
}

Analysis AnalyzeLast(const Capture& capture, uint64_t window_ms, Symbolizer& symbolizer,
                     AnalyzeOptions options) {
  if (window_ms >= capture.duration_ms) return Analyze(capture, symbolizer, options);
  const uint64_t from_ms = capture.duration_ms - window_ms;
  options.skipped_ms = static_cast<double>(from_ms);
  Analysis analysis = Analyze(LastPart(capture, from_ms), symbolizer, options);
  if (analysis.conclusion == Conclusion::kTooShort) {
    analysis.doubts = {Doubt::kWindowTooShort, 0, analysis.duration_seconds};
  }
  analysis.window_seconds = analysis.duration_seconds;
  analysis.duration_seconds = static_cast<double>(capture.duration_ms) / 1e3;
  const WholeRun whole(capture);
  for (SiteResult& site : analysis.sites) whole.Restore(site);
  return analysis;
}

}  // namespace leaktrack
