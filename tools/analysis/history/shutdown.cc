// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/history/shutdown.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

#include "libtrack/capture/age_band.h"

namespace leaktrack {
namespace {

constexpr double kLastMoments = 0.01, kLastMomentsMs = 2000;
constexpr double kShortRun = 0.1;  // of a short run, those two seconds are at most this
constexpr double kOldAge = 0.05;   // of the run
constexpr double kMost = 0.5;
constexpr double kMinDeaths = 8;

struct Ending {
  double died = 0;  // old blocks, in the last moments
  double left = 0;  // old blocks that outlived the run
  double began_ms =
      std::numeric_limits<double>::infinity();  // the look before the first of these deaths
};

// The moments after `from_ms` at which counters were looked at.
std::set<double> Looks(const capture::Capture& capture, double from_ms) {
  std::set<double> looks = {from_ms};
  const auto add = [&](uint64_t time_ms) {
    if (static_cast<double>(time_ms) > from_ms) looks.insert(static_cast<double>(time_ms));
  };
  for (const capture::MemorySample& sample : capture.memory) add(sample.time_ms);
  for (const capture::CellSeries& series : capture.cells) {
    for (auto point = series.points.rbegin();
         point != series.points.rend() && double(point->time_ms) > from_ms; ++point) {
      add(point->time_ms);
    }
  }
  return looks;
}

void AddDeaths(const capture::CellSeries& series, const std::set<double>& looks, Ending& ending) {
  uint64_t before = 0;
  for (const capture::CellPoint& point : series.points) {
    const auto time_ms = static_cast<double>(point.time_ms);
    const auto look = looks.lower_bound(time_ms);
    if (point.samples > before && look != looks.begin()) {
      ending.died += static_cast<double>(point.samples - before);
      ending.began_ms = std::min(ending.began_ms, *std::prev(look));
    }
    before = point.samples;
  }
}

}  // namespace

Shutdown FindShutdown(const capture::Capture& capture) {
  const auto end_ms = static_cast<double>(capture.duration_ms);
  Shutdown shutdown{end_ms, {}};
  if (capture.end_state != capture::RunState::kExited) return shutdown;
  const double moments =
      std::max(kLastMoments * end_ms, std::min(kLastMomentsMs, kShortRun * end_ms));
  const double from_ms = end_ms - moments;
  const double old_ms = std::max(kOldAge * end_ms, moments);
  const std::set<double> looks = Looks(capture, from_ms);
  std::map<capture::SiteId, Ending> endings;
  for (const capture::CellSeries& series : capture.cells) {
    if (series.band < capture::kBandYoungest || series.band > capture::kBandLast) continue;
    if (static_cast<double>(capture::BandStartMs(series.band)) < old_ms || series.points.empty())
      continue;
    if (static_cast<double>(series.points.back().time_ms) <= from_ms) continue;
    AddDeaths(series, looks, endings[series.site]);
  }
  for (const capture::Survivor& survivor : capture.survivors) {
    if (end_ms - static_cast<double>(survivor.birth_ms) < old_ms) continue;
    const auto found = endings.find(survivor.site);
    if (found != endings.end()) found->second.left += 1;
  }
  for (const auto& [site, ending] : endings) {
    if (ending.died < kMinDeaths || ending.died < kMost * (ending.died + ending.left)) continue;
    shutdown.tidied_up.insert(site);
    shutdown.judged_ms = std::min(shutdown.judged_ms, ending.began_ms);
  }
  return shutdown;
}

}  // namespace leaktrack
