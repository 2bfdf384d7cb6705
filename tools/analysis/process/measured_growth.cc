// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/measured_growth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "tools/analysis/model/window.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack {
namespace {

constexpr double kResidentFloor = 1 << 20, kResidentShare = 1.0 / 30;
constexpr size_t kLeastReadings = 6, kLeastLate = 4, kLeastLasting = 2;
constexpr double kSumErrors = 3;  // standard errors of the sum of sampled blocks
constexpr double kHalfOfFloor = .5, kStillThere = .2;

struct Extremes {
  double low = 0, high = 0;
};

Extremes Of(const std::vector<double>& values, size_t from, size_t to) {
  const auto begin = values.begin();
  const auto [low, high] =
      std::minmax_element(begin + static_cast<ptrdiff_t>(from), begin + static_cast<ptrdiff_t>(to));
  return {*low, *high};
}

double LargestStep(const std::vector<double>& values) {
  double step = 0;
  for (size_t i = 1; i < values.size(); ++i) step = std::max(step, values[i] - values[i - 1]);
  return step;
}

// Growth in bursts: the next one could have come just before the end, or the last just after it.
std::optional<Rate> InSteps(const std::vector<double>& hours, const std::vector<double>& values,
                            double floor_bytes) {
  const size_t third = values.size() / 3;
  const double span = hours.back() - hours.front();
  if (third == 0 || span <= 0) return std::nullopt;
  const Extremes first = Of(values, 0, third),
                 last = Of(values, values.size() - third, values.size());
  if (last.low - first.high <= floor_bytes) return std::nullopt;
  const double grown = values.back() - values.front(), step = LargestStep(values);
  return Rate{grown / span, std::max(0.0, grown - step) / span, (grown + step) / span};
}

struct Grid {
  std::vector<double> hours, values;
};

Grid LaterHalf(const Grid& grid) {
  const size_t count = grid.values.size();
  const auto half = static_cast<ptrdiff_t>(std::min(count / 2, count - kLeastLate));
  return {{grid.hours.begin() + half, grid.hours.end()},
          {grid.values.begin() + half, grid.values.end()}};
}

// What happens after the program has begun to tidy up says nothing of how it grew.
Grid Judged(const std::vector<double>& hours, const std::vector<double>& values,
            double until_hours) {
  Grid grid;
  for (size_t i = 0; i < values.size() && hours[i] <= until_hours; ++i) {
    grid.hours.push_back(hours[i]);
    grid.values.push_back(values[i]);
  }
  return grid;
}

// The rate of today: that of the later half, where it is surely another.
Rate Latest(const Rate& whole, const std::optional<Rate>& late) {
  if (!late) return whole;
  return late->low > whole.high || late->high < whole.low ? *late : whole;
}

// By what the readings rose and did not fall again: a burst counts as soon as it has lasted.
double Stayed(const std::vector<double>& values) {
  const size_t last = std::max(kLeastLasting, values.size() / 4);
  return Of(values, values.size() - last, values.size()).low - values.front();
}

std::optional<MeasuredGrowth> Measure(const Grid& grid, GrowingSum sum, double floor_bytes) {
  const std::optional<Rate> whole = GrowthBeyond(grid.hours, grid.values, floor_bytes);
  if (!whole) return std::nullopt;
  const Grid late = LaterHalf(grid);
  const std::optional<Rate> now = GrowthBeyond(late.hours, late.values, kHalfOfFloor * floor_bytes);
  MeasuredGrowth growth;
  growth.sum = sum;
  growth.rate = Latest(*whole, now);
  growth.from_seconds = grid.hours.front() * 3600;
  growth.bytes = grid.values.back() - grid.values.front();
  growth.goes_on =
      Stayed(late.values) >= std::max(kStillThere * growth.bytes, kHalfOfFloor * floor_bytes);
  return growth;
}

double MostOf(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

// Of a sum of sampled blocks: what would have been found at one site, and what chance moves it by.
double FloorOfSum(const capture::Capture& capture, const Analysis& analysis, const Grid& grid) {
  const double span = grid.hours.empty() ? 0 : grid.hours.back() - grid.hours.front();
  const double found = analysis.detectable_bytes_per_hour.value_or(0) * span;
  const double interval = static_cast<double>(std::max<uint64_t>(capture.interval_now, 1));
  const double error = interval > 1 ? std::sqrt(interval * MostOf(grid.values)) : 0;
  return std::max(found, kSumErrors * error);
}

std::optional<MeasuredGrowth> MeasureSum(const capture::Capture& capture, const Analysis& analysis,
                                         const Grid& grid, GrowingSum sum) {
  if (grid.values.size() < kLeastReadings) return std::nullopt;
  return Measure(grid, sum, FloorOfSum(capture, analysis, grid));
}

std::optional<MeasuredGrowth> MeasureResident(const Grid& grid) {
  if (grid.values.size() < kLeastReadings) return std::nullopt;
  const double least = *std::min_element(grid.values.begin(), grid.values.end());
  return Measure(grid, GrowingSum::kResident, std::max(kResidentFloor, kResidentShare * least));
}

double BytesAt(const capture::CellSeries& series, double time_ms) {
  const auto after = std::upper_bound(series.points.begin(), series.points.end(), time_ms,
                                      [](double at, const capture::CellPoint& point) {
                                        return at < static_cast<double>(point.time_ms);
                                      });
  return after == series.points.begin() ? 0 : std::prev(after)->bytes;
}

// By how much the live bytes of each site rose from the one moment to the other.
void TakeSites(const capture::Capture& capture, double from_ms, double until_ms,
               std::vector<SiteResult>& sites) {
  std::unordered_map<capture::SiteId, double> grown;
  for (const capture::CellSeries& series : capture.cells) {
    const bool adds =
        series.band == capture::kBandBirths || series.band == capture::kBandRelabelled;
    const double more = BytesAt(series, until_ms) - BytesAt(series, from_ms);
    grown[series.site] += adds ? more : -more;
  }
  for (SiteResult& site : sites) {
    for (const capture::SiteId id : site.sites) {
      if (const auto found = grown.find(id); found != grown.end())
        site.grown_bytes += found->second;
    }
  }
}

}  // namespace

std::optional<Rate> GrowthBeyond(const std::vector<double>& hours,
                                 const std::vector<double>& values, double floor_bytes) {
  if (values.size() < 4 || hours.size() != values.size()) return std::nullopt;
  const std::optional<Rate> slope = SlopePerHour(hours, values);
  const double span = hours.back() - hours.front();
  if (slope && slope->low > 0 && slope->mid * span > floor_bytes) return slope;
  return InSteps(hours, values, floor_bytes);
}

void MeasureGrowth(const capture::Capture& capture, Analysis& analysis) {
  const MemorySeries series = SeriesOf(capture);
  if (series.empty()) return;
  const double until = analysis.judged_seconds / 3600;
  analysis.measured_growth = MeasureResident(Judged(series.hours, series.rss, until));
  if (!analysis.measured_growth) {
    analysis.measured_growth = MeasureSum(
        capture, analysis, Judged(series.hours, series.live_heap, until), GrowingSum::kHeap);
  }
  if (!analysis.measured_growth && series.rss.empty()) {
    analysis.measured_growth = MeasureSum(
        capture, analysis, Judged(series.hours, series.mapped, until), GrowingSum::kMappings);
  }
  TakeSites(capture, series.hours.front() * kMsPerHour, analysis.judged_seconds * 1e3,
            analysis.sites);
}

}  // namespace leaktrack
