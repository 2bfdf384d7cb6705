// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/memory_series.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "tools/analysis/model/stats.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {
namespace {

constexpr size_t kMostBlocks = 48;
constexpr double kNoticeableBytes = 4 << 20;
constexpr double kNoticeableShare = .10;

using Reading = capture::MemorySample;

bool Known(int64_t value) { return value != capture::kNotKnown; }

double Anonymous(const Reading& reading) {
  if (Known(reading.anonymous)) return static_cast<double>(reading.anonymous);
  const int64_t other = std::max<int64_t>(reading.file, 0) + std::max<int64_t>(reading.shared, 0);
  return std::max(0.0, static_cast<double>(reading.rss - other));
}

// One reading for each block of time that has any: the one with the least anonymous memory.
std::vector<const Reading*> Troughs(const std::vector<Reading>& readings) {
  std::vector<const Reading*> known;
  for (const Reading& reading : readings) {
    if (Known(reading.rss)) known.push_back(&reading);
  }
  if (known.size() < kMinMemoryReadings) return {};
  const double begin = .75 * static_cast<double>(known.front()->time_ms) +
                       .25 * static_cast<double>(known.back()->time_ms);
  const double end = static_cast<double>(known.back()->time_ms);
  const double block_ms =
      std::max(1.0, (end - begin) / static_cast<double>(std::min(kMostBlocks, known.size())));
  std::vector<const Reading*> troughs;
  double last_block = -1;
  for (const Reading* reading : known) {
    const double at = static_cast<double>(reading->time_ms) - begin;
    if (at < 0) continue;
    const double block = std::floor(at / block_ms);
    if (block != last_block) {
      troughs.push_back(reading);
    } else if (Anonymous(*reading) < Anonymous(*troughs.back())) {
      troughs.back() = reading;
    }
    last_block = block;
  }
  return troughs;
}

// Empty unless every reading has it.
template <typename Field>
std::vector<double> Values(const std::vector<const Reading*>& readings, Field field) {
  std::vector<double> values;
  for (const Reading* reading : readings) {
    const int64_t value = field(*reading);
    if (!Known(value)) return {};
    values.push_back(static_cast<double>(value));
  }
  return values;
}

// Each answer of the allocator once.
void TakeAllocator(const std::vector<Reading>& readings, MemorySeries& series) {
  int64_t last_ms = capture::kNotKnown;
  for (const Reading& reading : readings) {
    if (!Known(reading.allocator_free) || reading.allocator_read_ms <= last_ms) continue;
    last_ms = reading.allocator_read_ms;
    series.allocator_hours.push_back(static_cast<double>(last_ms) / kMsPerHour);
    series.allocator_free.push_back(static_cast<double>(reading.allocator_free));
  }
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double FirstThird(const std::vector<double>& values) {
  return Median({values.begin(), values.begin() + static_cast<ptrdiff_t>((values.size() + 2) / 3)});
}

double LastThird(const std::vector<double>& values) {
  return Median({values.end() - static_cast<ptrdiff_t>((values.size() + 2) / 3), values.end()});
}

}  // namespace

std::vector<double> LiveBytesAt(const capture::Capture& capture, capture::SiteKind kind,
                                const std::vector<uint64_t>& times_ms) {
  std::vector<double> live(times_ms.size());
  for (const capture::CellSeries& series : capture.cells) {
    const auto stack = capture.stacks.find(series.site);
    const auto its_kind =
        stack == capture.stacks.end() ? capture::SiteKind::kHeap : stack->second.kind;
    if (its_kind != kind) continue;
    const bool adds =
        series.band == capture::kBandBirths || series.band == capture::kBandRelabelled;
    size_t next = 0;
    double bytes = 0;
    for (size_t i = 0; i < times_ms.size(); ++i) {
      while (next < series.points.size() && series.points[next].time_ms <= times_ms[i])
        bytes = series.points[next++].bytes;
      live[i] += adds ? bytes : -bytes;
    }
  }
  for (double& bytes : live) bytes = std::max(bytes, 0.0);
  return live;
}

MemorySeries SeriesOf(const capture::Capture& capture) {
  MemorySeries series;
  const std::vector<const Reading*> troughs = Troughs(capture.memory);
  std::vector<uint64_t> times_ms;
  for (const Reading* reading : troughs) {
    times_ms.push_back(reading->time_ms);
    series.hours.push_back(static_cast<double>(reading->time_ms) / kMsPerHour);
    series.anonymous.push_back(Anonymous(*reading));
  }
  series.rss = Values(troughs, [](const Reading& reading) { return reading.rss; });
  series.files = Values(troughs, [](const Reading& reading) {
    return Known(reading.file) && Known(reading.shared) ? reading.file + reading.shared
                                                        : capture::kNotKnown;
  });
  series.shared = Values(troughs, [](const Reading& reading) { return reading.shared; });
  series.cgroup = Values(troughs, [](const Reading& reading) { return reading.cgroup_current; });
  series.swap = Values(troughs, [](const Reading& reading) { return reading.swap; });
  series.threads = Values(troughs, [](const Reading& reading) { return reading.threads; });
  TakeAllocator(capture.memory, series);
  series.live_heap = LiveBytesAt(capture, capture::SiteKind::kHeap, times_ms);
  series.mapped = LiveBytesAt(capture, capture::SiteKind::kMapping, times_ms);
  return series;
}

std::optional<Rate> SlopePerHour(const std::vector<double>& hours,
                                 const std::vector<double>& values) {
  const size_t count = values.size();
  if (count < 4 || hours.size() != count) return std::nullopt;
  std::vector<double> slopes;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) {
      if (hours[j] > hours[i]) slopes.push_back((values[j] - values[i]) / (hours[j] - hours[i]));
    }
  }
  if (slopes.empty()) return std::nullopt;
  std::sort(slopes.begin(), slopes.end());
  // Sen 1968: the ranks that lie as far from the middle as Kendall's statistic may lie from zero.
  const auto n = static_cast<double>(count);
  const double spread = kZ90 * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const auto all = static_cast<double>(slopes.size());
  const auto at = [&](double rank) {
    return slopes[static_cast<size_t>(std::clamp(rank, 0.0, all - 1))];
  };
  return Rate{Median(slopes), at((all - spread) / 2), at((all + spread) / 2)};
}

double HeldFreeAt(const MemorySeries& series, double hours) {
  const auto after =
      std::upper_bound(series.allocator_hours.begin(), series.allocator_hours.end(), hours);
  if (after == series.allocator_hours.begin())
    return series.allocator_free.empty() ? 0 : series.allocator_free.front();
  return series.allocator_free[static_cast<size_t>(after - series.allocator_hours.begin()) - 1];
}

double Shift(const std::vector<double>& values) {
  return values.empty() ? 0 : LastThird(values) - FirstThird(values);
}

bool Grew(const std::vector<double>& hours, const std::vector<double>& values) {
  const std::optional<Rate> slope = SlopePerHour(hours, values);
  if (!slope) return false;
  const double before = std::max(FirstThird(values), 1.0);
  const auto noticeable = [&](double bytes) {
    return bytes > kNoticeableBytes && bytes > kNoticeableShare * before;
  };
  if (slope->low > 0 && noticeable(slope->mid * (hours.back() - hours.front()))) return true;
  return noticeable(Shift(values)) && Shift(values) > .5 * before;
}

}  // namespace leaktrack
