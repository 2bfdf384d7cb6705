// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/growth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "tools/analysis/model/stats.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack::live {
namespace {

constexpr size_t kFewestPoints = 5;
constexpr size_t kMostBlocks = 16;
constexpr double kNoticeableBytes = 512 << 10;
constexpr double kNoticeableShare = .001;  // of what is held
constexpr double kYoungSeconds = 120;
constexpr double kSlowing = .75;
constexpr double kHurrying = 2;  // so much faster at the end: a shorter window knows better
constexpr double kReturnShare = .02;
constexpr double kMostWindows = 8;  // each half as long as the one before

struct Troughs {
  std::vector<double> hours, bytes;
};

// The lowest point of each block of time; of few points each is a block.
Troughs TroughsOf(std::span<const Point> points) {
  const double start = points.front().seconds;
  const double span = points.back().seconds - start;
  const size_t blocks =
      points.size() < 2 * kMostBlocks ? std::min(points.size(), kMostBlocks) : kMostBlocks;
  Troughs troughs;
  size_t last_block = blocks;
  for (const Point& point : points) {
    const double share = span > 0 ? (point.seconds - start) / span : 0;
    const size_t block =
        std::min(static_cast<size_t>(share * static_cast<double>(blocks)), blocks - 1);
    if (block != last_block) {
      troughs.hours.push_back(point.seconds / 3600);
      troughs.bytes.push_back(point.bytes);
      last_block = block;
    } else if (point.bytes < troughs.bytes.back()) {
      troughs.hours.back() = point.seconds / 3600;
      troughs.bytes.back() = point.bytes;
    }
  }
  return troughs;
}

// Student's quantiles, to 2 % from three degrees of freedom on.
double Quantile95(double freedom) { return kZ90 + 1.53 / freedom + 1.8 / (freedom * freedom); }
double Quantile995(double freedom) { return 2.576 + 5.3 / freedom + 9 / (freedom * freedom); }

struct Steps {
  double error = 0;  // of the mean rate
  double freedom = 1;
};

// How far the mean rate of the steps may be off. Steps that take turns, as those of noise do, say
// less about it than steps that follow one another; hence the two covariances (Newey and West).
Steps StepsOf(const Troughs& troughs) {
  std::vector<double> rates;
  for (size_t i = 1; i < troughs.hours.size(); ++i) {
    const double hours = troughs.hours[i] - troughs.hours[i - 1];
    if (hours > 0) rates.push_back((troughs.bytes[i] - troughs.bytes[i - 1]) / hours);
  }
  if (rates.size() < 2) return {std::numeric_limits<double>::infinity(), 1};
  const auto count = static_cast<double>(rates.size());
  double mean = 0;
  for (const double rate : rates) mean += rate / count;
  double lagged[3] = {};
  for (size_t lag = 0; lag < 3; ++lag) {
    for (size_t i = lag; i < rates.size(); ++i)
      lagged[lag] += (rates[i] - mean) * (rates[i - lag] - mean) / (count - 1);
  }
  const double variance =
      std::max(lagged[0] + 2 * (2. / 3 * lagged[1] + 1. / 3 * lagged[2]), .1 * lagged[0]);
  return {std::sqrt(variance / count), count - 1};
}

std::optional<Rate> SlopeOf(const Troughs& troughs, size_t first, size_t end) {
  return SlopePerHour({troughs.hours.begin() + static_cast<ptrdiff_t>(first),
                       troughs.hours.begin() + static_cast<ptrdiff_t>(end)},
                      {troughs.bytes.begin() + static_cast<ptrdiff_t>(first),
                       troughs.bytes.begin() + static_cast<ptrdiff_t>(end)});
}

// The mean slope of the first or the second half: of troughs that rise in steps the median is 0.
double HalfRate(const Troughs& troughs, bool second) {
  const size_t middle = troughs.hours.size() / 2;
  const size_t first = second ? middle : 0;
  const size_t last = second ? troughs.hours.size() - 1 : middle;
  const double hours = troughs.hours[last] - troughs.hours[first];
  return hours > 0 ? (troughs.bytes[last] - troughs.bytes[first]) / hours : 0;
}

bool Noticeable(double grown, double held) {
  return std::abs(grown) >= std::max(kNoticeableBytes, kNoticeableShare * held);
}

// What a curve that rises for sure is called.
Shape ShapeOfRise(const Troughs& troughs, const CurveFacts& facts) {
  if (facts.peak_bytes > troughs.bytes.front() * (1 + kReturnShare) &&
      troughs.bytes.back() < facts.peak_bytes * (1 + kReturnShare))
    return Shape::kReturning;
  const double first = HalfRate(troughs, false);
  const double second = HalfRate(troughs, true);
  if (second < kSlowing * first) return Shape::kSlowing;
  return facts.age_seconds < kYoungSeconds ? Shape::kStartup : Shape::kGrows;
}

// Growth for all of its life explains what it holds: it has been like this for that long.
bool Lifelong(const Growth& growth, const CurveFacts& facts, double held) {
  const double lifetime = growth.rate->mid * facts.age_seconds / 3600;
  return lifetime > .5 * held && lifetime < 1.2 * held;
}

}  // namespace

Growth JudgeWindow(std::span<const Point> points, const CurveFacts& facts) {
  Growth growth;
  if (points.size() < kFewestPoints) return growth;
  const Troughs troughs = TroughsOf(points);
  growth.watched_seconds = points.back().seconds - points.front().seconds;
  growth.rate = SlopeOf(troughs, 0, troughs.hours.size());
  if (!growth.rate) return growth;
  const Steps steps = StepsOf(troughs);
  Rate& rate = *growth.rate;
  const double off = Quantile95(steps.freedom) * steps.error;
  rate.low = std::min(rate.low, rate.mid - off);
  rate.high = std::max(rate.high, rate.mid + off);
  const double grown = troughs.bytes.back() - troughs.bytes.front();
  growth.shape = Shape::kSteady;
  if (!Noticeable(grown, troughs.bytes.back())) return growth;
  const bool certain = std::abs(rate.mid) > Quantile995(steps.freedom) * steps.error;
  if (!certain || rate.low * rate.high <= 0) return growth;
  growth.shape = rate.mid > 0 ? ShapeOfRise(troughs, facts) : Shape::kFalls;
  growth.trusted_seconds = growth.watched_seconds;
  if (growth.shape == Shape::kGrows && Lifelong(growth, facts, troughs.bytes.back()))
    growth.trusted_seconds = std::max(growth.trusted_seconds, facts.age_seconds);
  return growth;
}

namespace {

std::span<const Point> LastPart(std::span<const Point> points, double seconds) {
  const double from = points.back().seconds - seconds;
  const auto first =
      std::ranges::find_if(points, [&](const Point& point) { return point.seconds >= from; });
  return points.subspan(static_cast<size_t>(first - points.begin()));
}

double PeakOf(std::span<const Point> points) {
  // A single high reading is a burst, not a level: the lower of two neighbours counts.
  double peak = 0;
  for (size_t i = 1; i < points.size(); ++i)
    peak = std::max(peak, std::min(points[i - 1].bytes, points[i].bytes));
  return peak;
}

}  // namespace

Growth JudgeGrowth(std::span<const Point> points, const CurveFacts& facts) {
  if (points.size() < kFewestPoints) return {};
  const double span = points.back().seconds - points.front().seconds;
  std::optional<Growth> best;
  Growth shortest;
  int slowed = 0;  // windows
  double seconds = span;
  for (int i = 0; i < kMostWindows; ++i, seconds /= 2) {
    const std::span<const Point> part = LastPart(points, seconds);
    if (part.size() < 2 * kFewestPoints && i > 0) break;
    CurveFacts of_part = facts;
    of_part.peak_bytes =
        std::max(facts.peak_bytes, PeakOf(points.first(points.size() - part.size())));
    Growth growth = JudgeWindow(part, of_part);
    slowed += growth.shape == Shape::kSlowing;
    if (growth.shape == Shape::kReturning || growth.shape == Shape::kFalls)
      return best ? *best : growth;
    // What slows down in one window after another is a curve that flattens: any piece of it that
    // is short enough looks straight.
    if (slowed > 1 && growth.shape == Shape::kGrows) growth.shape = Shape::kSlowing;
    if (growth.shape == Shape::kGrows || growth.shape == Shape::kStartup) {
      if (slowed > 0) growth.trusted_seconds = growth.watched_seconds / 4;
      const bool hurries = best && growth.rate->low > kHurrying * best->rate->mid;
      if (!best || hurries) best = growth;
    }
    if (i == 0 || growth.shape != Shape::kTooShort) shortest = growth;
  }
  if (best) return *best;
  if (slowed > 0 && shortest.shape == Shape::kSteady) shortest.shape = Shape::kSlowing;
  return shortest;
}

}  // namespace leaktrack::live
