// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/memory_parts.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kWord = 8, kPage = 4096;
constexpr double kSmallestChunk = 32, kChunkStep = 16;
constexpr double kLargeBlock = 128 << 10;  // such a block has pages of its own
constexpr double kMovesWith = .7;          // the rest, with the mappings: they were touched
constexpr double kNoticeableBytes = 1 << 20;
constexpr double kMostRounding = 4;  // of the heap; estimates of few samples may say more

double RoundUp(double bytes, double step) { return std::ceil(bytes / step) * step; }

// What the survivors say of the whole heap.
struct HeapShape {
  double rounding = 0;  // bytes that the allocator adds, per requested byte
  double large = 0;     // share of the bytes that lie in large blocks
  double beside = 0;    // bytes in use that belong to no block that is known
};

HeapShape ShapeOf(const capture::Capture& capture, const MemoryResult& result) {
  double bytes = 0;
  double chunks = 0;
  double large = 0;
  for (const capture::Survivor& block : capture.survivors) {
    const auto stack = capture.stacks.find(block.site);
    if (stack != capture.stacks.end() &&
        (stack->second.kind != capture::SiteKind::kHeap || stack->second.pool != 0))
      continue;
    const auto size = static_cast<double>(block.size);
    const double kept = SamplingProbability(size, static_cast<double>(block.interval_bytes)) *
                        block.keep_probability;
    if (kept <= 0) continue;
    bytes += size / kept;
    chunks += GlibcChunk(size) / kept;
    if (size >= kLargeBlock) large += size / kept;
  }
  HeapShape shape;
  const bool glibc = result.allocator == capture::Allocator::kGlibc;
  if (bytes > 0) shape.large = large / bytes;
  if (bytes > 0 && glibc) shape.rounding = std::min(chunks / bytes - 1, kMostRounding);
  const double heap = result.live_heap_bytes;
  const double in_use = static_cast<double>(result.allocator_in_use_bytes.value_or(0));
  if (!glibc && in_use > heap && heap > 0)
    shape.rounding = std::min(in_use / heap - 1, kMostRounding);
  shape.beside = std::max(0.0, in_use - heap * (1 + shape.rounding));
  return shape;
}

// Of the anonymous memory at one time.
struct Split {
  double heap = 0, rounding = 0, retained = 0, rest = 0;
  double untouched = 0;  // not resident
};

Split SplitOf(double anonymous, double heap, double held_free, double swapped,
              const HeapShape& shape) {
  Split split;
  split.heap = heap;
  split.rounding = shape.rounding * heap + shape.beside;
  split.retained = held_free;
  const double claimed = split.heap + split.rounding + split.retained;
  split.rest = std::max(0.0, anonymous - claimed);
  double over = std::max(0.0, claimed - anonymous);
  const auto give = [&over](double& part, double at_most) {
    const double given = std::min({over, part, at_most});
    part -= given;
    over -= given;
    return given;
  };
  split.untouched = give(split.heap, shape.large * heap);
  split.untouched += give(split.retained, split.retained);
  split.untouched += give(split.heap, std::max(0.0, swapped - split.untouched));
  give(split.rounding, split.rounding);  // estimated too high
  give(split.heap, split.heap);
  return split;
}

// The parts at every time of the grid.
struct SplitSeries {
  std::vector<double> heap, rounding, retained, rest, untouched;
};

SplitSeries SplitsOf(const MemorySeries& series, const HeapShape& shape) {
  SplitSeries all;
  for (size_t i = 0; i < series.hours.size(); ++i) {
    const Split at =
        SplitOf(series.anonymous[i], series.live_heap[i], HeldFreeAt(series, series.hours[i]),
                series.swap.empty() ? 0 : series.swap[i], shape);
    all.heap.push_back(at.heap);
    all.rounding.push_back(at.rounding);
    all.retained.push_back(at.retained);
    all.rest.push_back(at.rest);
    all.untouched.push_back(at.untouched);
  }
  return all;
}

std::vector<double> Minus(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return {};
  std::vector<double> left;
  for (size_t i = 0; i < a.size(); ++i) left.push_back(std::max(0.0, a[i] - b[i]));
  return left;
}

// What the mappings have gained in the stretch that is judged was gained by the rest, too.
bool MappingsWereTouched(const MemorySeries& series, const SplitSeries& splits) {
  const double mapped = Shift(series.mapped);
  return mapped >= kNoticeableBytes && Shift(splits.rest) >= kMovesWith * mapped;
}

class PartList {
 public:
  PartList(const MemorySeries& series, MemoryResult& result) : series_(series), result_(result) {}
  void Add(MemoryPartKind kind, double bytes, const std::vector<double>& values) {
    if (bytes < 1 && values.empty()) return;
    result_.parts.push_back({kind, std::max(0.0, bytes), SlopePerHour(series_.hours, values)});
  }

 private:
  const MemorySeries& series_;
  MemoryResult& result_;
};

}  // namespace

double GlibcChunk(double size) {
  if (size >= kLargeBlock) return RoundUp(size + 2 * kWord, kPage);
  return std::max(kSmallestChunk, RoundUp(size + kWord, kChunkStep));
}

void TakeParts(const capture::Capture& capture, const MemorySeries& series, MemoryResult& result) {
  const HeapShape shape = ShapeOf(capture, result);
  const SplitSeries splits = SplitsOf(series, shape);
  result.unexplained_growth = SlopePerHour(series.hours, splits.rest);
  result.untouched_growth = SlopePerHour(series.hours, splits.untouched);
  if (!result.rss_bytes || !result.anonymous_bytes) return;
  const Split now = SplitOf(static_cast<double>(*result.anonymous_bytes), result.live_heap_bytes,
                            static_cast<double>(result.allocator_free_bytes.value_or(0)),
                            static_cast<double>(result.swap_bytes.value_or(0)), shape);
  result.untouched_bytes = now.untouched;
  PartList parts(series, result);
  parts.Add(MemoryPartKind::kLiveHeap, now.heap, splits.heap);
  if (shape.rounding + shape.beside > 0)
    parts.Add(MemoryPartKind::kRounding, now.rounding, splits.rounding);
  if (result.allocator_free_bytes)
    parts.Add(MemoryPartKind::kRetained, now.retained, splits.retained);
  double mapped = 0;
  std::vector<double> rest = splits.rest;
  if (MappingsWereTouched(series, splits)) {
    mapped = std::min(result.mapped_bytes, now.rest);
    rest = Minus(splits.rest, series.mapped);
    parts.Add(MemoryPartKind::kMappings, mapped, Minus(splits.rest, rest));
  }
  parts.Add(MemoryPartKind::kRest, now.rest - mapped, rest);
  parts.Add(MemoryPartKind::kFiles, static_cast<double>(result.file_bytes.value_or(0)),
            Minus(series.files, series.shared));
  // Where the kernel does not tell kinds of pages, what is not anonymous is of a file.
  const double shared = static_cast<double>(result.shared_bytes.value_or(0));
  if (shared >= 1 || Grew(series.hours, series.shared))
    parts.Add(MemoryPartKind::kShared, shared, series.shared);
  result.unexplained_bytes = now.rest - mapped;
  result.explained_fraction =
      1 - std::min(1.0, *result.unexplained_bytes / static_cast<double>(*result.rss_bytes));
}

}  // namespace leaktrack
