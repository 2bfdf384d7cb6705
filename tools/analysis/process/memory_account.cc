// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/memory_account.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "tools/analysis/process/advice.h"
#include "tools/analysis/process/memory_parts.h"
#include "tools/analysis/process/memory_series.h"
#include "tools/analysis/process/threads_account.h"

namespace leaktrack {
namespace {

constexpr double kMostExplains = .5;  // a part that grew by this share of the growth is its reason
constexpr double kHardlyAny = .3;     // resident growth below this share of the accused growth
constexpr double kWorthARetention = 16 << 20;  // bytes held free in a process that is steady
constexpr double kFlatHeapShare = .3;
constexpr double kNoticeableBytes = 4 << 20;
constexpr double kFreshMs = 30e3, kFreshShare = .1;
constexpr double kMostSilence =
    .6;  // of the stretch that is judged, since the allocator's last word

bool Known(int64_t value) { return value != capture::kNotKnown; }
double OrZero(int64_t value) { return Known(value) ? static_cast<double>(value) : 0; }
std::optional<int64_t> OrEmpty(int64_t value) {
  return Known(value) ? std::optional<int64_t>(value) : std::nullopt;
}

// What grew, and by how much over the run after its first quarter.
struct Movement {
  bool known = false;  // false: too few readings
  bool rss_grew = false;
  double rss = 0, anonymous = 0, files = 0, shared = 0, heap = 0, mapped = 0;
  std::optional<double> held_free;
};

// The sum of a steady slope over the run, or the step that a part made.
double Moved(const MemorySeries& series, const std::vector<double>& values) {
  const std::optional<Rate> slope = SlopePerHour(series.hours, values);
  const double by_slope = slope ? slope->mid * series.span_hours() : 0;
  const double by_shift = Shift(values);
  return std::abs(by_shift) > std::abs(by_slope) ? by_shift : by_slope;
}

// Empty unless the allocator was heard at both ends of the stretch that is judged, or nearly so.
std::optional<double> HeldFreeMoved(const MemorySeries& series) {
  const std::vector<double>& hours = series.allocator_hours;
  if (hours.size() < 2 || hours.back() < series.hours.back() - kMostSilence * series.span_hours())
    return std::nullopt;
  size_t first = 0;
  while (first + 2 < hours.size() && hours[first + 1] <= series.hours.front()) ++first;
  return series.allocator_free.back() - series.allocator_free[first];
}

Movement MovementOf(const MemorySeries& series) {
  Movement moved;
  if (series.empty()) return moved;
  moved.known = true;
  moved.rss_grew = Grew(series.hours, series.rss);
  moved.rss = Moved(series, series.rss);
  moved.anonymous = Moved(series, series.anonymous);
  moved.files = Moved(series, series.files);
  moved.shared = Moved(series, series.shared);
  moved.heap = Moved(series, series.live_heap);
  moved.mapped = Moved(series, series.mapped);
  moved.held_free = HeldFreeMoved(series);
  return moved;
}

struct Accused {
  bool heap = false, mapping = false;
  double bytes_per_hour = 0;
};

Accused AccusedOf(const std::vector<SiteResult>& sites) {
  Accused accused;
  for (const SiteResult& site : sites) {
    if (!site.significant) continue;
    (site.kind == capture::SiteKind::kHeap ? accused.heap : accused.mapping) = true;
    if (site.growth) accused.bytes_per_hour += site.growth->mid;
  }
  return accused;
}

// Growth that never becomes resident was reserved, or swapped out. Where the heap grows into what
// the allocator had kept, resident memory stands still too, but the leak is real.
bool IsUntouched(const Accused& accused, const Movement& moved, double span_hours) {
  // What the rate at the end says the whole stretch grew by is too much where growth is speeding
  // up.
  const double expected = std::min(accused.bytes_per_hour * span_hours, moved.heap + moved.mapped);
  const double touched = moved.anonymous + std::max(0.0, moved.shared);
  if (!moved.known || expected < kNoticeableBytes || touched > kHardlyAny * expected) return false;
  return !moved.held_free || -*moved.held_free < kMostExplains * expected;
}

MemoryClass ClassOfGrowth(const Movement& moved, const MemoryResult& result) {
  const double reason = kMostExplains * moved.rss;
  if (moved.heap >= kFlatHeapShare * moved.rss) return MemoryClass::kUnknown;
  // Asked once only: what it holds now cannot be older than the growth.
  if (moved.held_free.value_or(result.retained_bytes.value_or(0)) >= reason)
    return MemoryClass::kRetention;
  if (moved.mapped >= reason || moved.files >= reason) return MemoryClass::kMappings;
  // Neither the heap nor what the allocator holds: stacks, or mappings from before or beside us.
  return moved.held_free ? MemoryClass::kMappings : MemoryClass::kRetention;
}

MemoryClass Classify(const Accused& accused, const Movement& moved, const MemorySeries& series,
                     const MemoryResult& result) {
  if (accused.heap || accused.mapping) {
    if (IsUntouched(accused, moved, series.span_hours())) return MemoryClass::kUntouched;
    return accused.heap ? MemoryClass::kLeak : MemoryClass::kMappings;
  }
  if (!moved.known) return MemoryClass::kUnknown;
  if (moved.rss_grew) return ClassOfGrowth(moved, result);
  if (Grew(series.hours, series.mapped)) return MemoryClass::kUntouched;
  const double anonymous = static_cast<double>(result.anonymous_bytes.value_or(0));
  const double held_free = result.retained_bytes.value_or(0);
  return held_free > kWorthARetention && held_free > .5 * anonymous ? MemoryClass::kRetention
                                                                    : MemoryClass::kSteady;
}

// What it said is old news if it was not asked again; an old answer says nothing of now.
void TakeAllocator(const capture::Capture& capture, const capture::MemorySample& now,
                   MemoryResult& result) {
  result.allocator = capture::AllocatorNamed(capture.allocator);
  if (!Known(now.allocator_read_ms)) return;
  const double age_ms =
      static_cast<double>(now.time_ms) - static_cast<double>(now.allocator_read_ms);
  if (age_ms > std::max(kFreshMs, kFreshShare * static_cast<double>(now.time_ms))) return;
  result.allocator_in_use_bytes = OrEmpty(now.allocator_in_use);
  result.allocator_free_bytes = OrEmpty(now.allocator_free);
  result.allocator_arenas = OrEmpty(now.allocator_arenas);
}

void TakeReading(const capture::MemorySample& now, MemoryResult& result) {
  result.stack_bytes = OrEmpty(now.stack);
  result.swap_bytes = OrEmpty(now.swap);
  result.threads = OrEmpty(now.threads);
  result.file_bytes = OrEmpty(now.file);
  result.shared_bytes = OrEmpty(now.shared);
  if (!Known(now.rss) || now.rss == 0) return;
  result.rss_bytes = now.rss;
  const double rss = static_cast<double>(now.rss);
  const double files = OrZero(now.file) + OrZero(now.shared);
  const double anonymous =
      Known(now.anonymous) ? OrZero(now.anonymous) : std::max(0.0, rss - files);
  result.anonymous_bytes = static_cast<int64_t>(anonymous);
  if (result.allocator_free_bytes)
    result.retained_bytes = std::min(static_cast<double>(*result.allocator_free_bytes), anonymous);
}

double ResidentPerLive(const MemorySeries& series, const MemoryResult& result) {
  return std::clamp(SlopePerHour(series.hours, series.anonymous)->mid / result.heap_growth->mid,
                    1.0, 1.5);
}

void TakeSlopes(const MemorySeries& series, MemoryResult& result) {
  result.rss_growth = SlopePerHour(series.hours, series.rss);
  result.heap_growth = SlopePerHour(series.hours, series.live_heap);
  result.mapped_growth = SlopePerHour(series.hours, series.mapped);
  result.retained_growth = SlopePerHour(series.allocator_hours, series.allocator_free);
  if (Grew(series.hours, series.live_heap) && result.heap_growth && result.heap_growth->low > 0) {
    result.resident_per_live = ResidentPerLive(series, result);
  }
}

Rate Less(const Rate& rate, double by) { return {rate.mid - by, rate.low - by, rate.high - by}; }

// Growth that has ended by the middle of the stretch is none that goes on.
bool StillGrows(const MemorySeries& series) {
  const auto half = static_cast<ptrdiff_t>(series.hours.size() / 2);
  const std::optional<Rate> late = SlopePerHour({series.hours.begin() + half, series.hours.end()},
                                                {series.rss.begin() + half, series.rss.end()});
  return late && late->low > 0;
}

void TakeUnplaced(const MemorySeries& series, const std::vector<SiteResult>& sites,
                  MemoryResult& result) {
  if (result.memory_class != MemoryClass::kMappings || !result.rss_growth || !StillGrows(series)) {
    return;
  }
  const auto risen = [](const std::optional<Rate>& growth) {
    return growth ? std::max(0.0, growth->mid) : 0;
  };
  const double placed =
      AccusedOf(sites).bytes_per_hour + risen(result.heap_growth) + risen(result.retained_growth);
  const Rate rest = Less(*result.rss_growth, placed);
  if (rest.low <= 0 || rest.mid < kMostExplains * result.rss_growth->mid) return;
  result.unplaced_growth = rest;
  double most = kMostExplains * rest.mid * series.span_hours();
  for (const SiteResult& site : sites) {
    if (site.kind == capture::SiteKind::kHeap || site.live_bytes < most || site.sites.empty()) {
      continue;
    }
    most = site.live_bytes;
    result.nearest_site =
        *std::min_element(site.sites.begin(), site.sites.end());  // the number that reports show
  }
}

}  // namespace

const capture::MemorySample* LastLook(const capture::Capture& capture) {
  for (auto sample = capture.memory.rbegin(); sample != capture.memory.rend(); ++sample) {
    if (Known(sample->rss)) return &*sample;
  }
  return capture.memory.empty() ? nullptr : &capture.memory.back();
}

MemoryResult AccountForMemory(const capture::Capture& capture,
                              const std::vector<SiteResult>& sites) {
  MemoryResult result;
  for (const SiteResult& site : sites) {
    (site.kind == capture::SiteKind::kHeap ? result.live_heap_bytes : result.mapped_bytes) +=
        site.live_bytes;
  }
  if (const capture::MemorySample* now = LastLook(capture)) {
    TakeAllocator(capture, *now, result);
    TakeReading(*now, result);
  }
  const MemorySeries series = SeriesOf(capture);
  TakeSlopes(series, result);
  TakeParts(capture, series, result);
  TakeThreads(series, sites, result);
  result.memory_class = Classify(AccusedOf(sites), MovementOf(series), series, result);
  TakeUnplaced(series, sites, result);
  result.advice = MemoryAdvice(result);
  return result;
}

}  // namespace leaktrack
