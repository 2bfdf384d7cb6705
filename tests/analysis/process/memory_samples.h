// SPDX-License-Identifier: Apache-2.0
//
// Captures with chosen memory readings, one per second.
#ifndef LEAKTRACK_TESTS_ANALYSIS_PROCESS_MEMORY_SAMPLES_H_
#define LEAKTRACK_TESTS_ANALYSIS_PROCESS_MEMORY_SAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"

namespace leaktrack::testing {

inline constexpr double kMiB = 1 << 20;

// Resident memory that changes linearly. All of it but 1 MiB is anonymous.
inline capture::Capture WithMemory(int64_t first_rss, int64_t last_rss, int64_t limit,
                                   int count = 40) {
  capture::Capture capture;
  for (int i = 0; i < count; ++i) {
    capture::MemorySample sample;
    sample.time_ms = static_cast<uint64_t>(i) * 1000;
    sample.rss = first_rss + (last_rss - first_rss) * i / (count - 1);
    sample.file = 1 << 20;
    sample.shared = 0;
    sample.anonymous = sample.rss - sample.file;
    sample.cgroup_current = sample.rss;
    sample.cgroup_max = limit;
    capture.memory.push_back(sample);
  }
  capture.duration_ms = static_cast<uint64_t>(count) * 1000;
  return capture;
}

// The allocator answers every five seconds. Its free bytes change linearly.
inline void AddAllocator(capture::Capture& capture, const std::string& name, int64_t first_free,
                         int64_t last_free) {
  capture.allocator = name;
  capture::MemorySample answer;
  const auto count = static_cast<int64_t>(capture.memory.size());
  for (int64_t i = 3; i < count; ++i) {
    capture::MemorySample& sample = capture.memory[static_cast<size_t>(i)];
    if (i % 5 == 3) {
      answer.allocator_free = first_free + (last_free - first_free) * i / (count - 1);
      answer.allocator_in_use = 20 << 20;
      answer.allocator_arenas = 16;
      answer.allocator_read_ms = static_cast<int64_t>(sample.time_ms);
    }
    sample.allocator_free = answer.allocator_free;
    sample.allocator_in_use = answer.allocator_in_use;
    sample.allocator_arenas = answer.allocator_arenas;
    sample.allocator_read_ms = answer.allocator_read_ms;
  }
}

// Live bytes of a site, by its counters, that change linearly.
inline void AddSite(capture::Capture& capture, capture::SiteKind kind, double first, double last) {
  capture::CellSeries series;
  series.site = static_cast<capture::SiteId>(capture.stacks.size() + 1);
  capture::StackInfo stack;
  stack.id = series.site;
  stack.kind = kind;
  capture.stacks[series.site] = stack;
  const auto count = static_cast<double>(capture.memory.size());
  for (const capture::MemorySample& sample : capture.memory) {
    capture::CellPoint point;
    point.time_ms = sample.time_ms;
    point.samples = sample.time_ms + 1;
    point.bytes = first + (last - first) * static_cast<double>(sample.time_ms) / 1000 / (count - 1);
    series.points.push_back(point);
  }
  capture.cells.push_back(series);
}

inline SiteResult Growing(double per_hour, capture::SiteKind kind = capture::SiteKind::kHeap) {
  SiteResult site;
  site.kind = kind;
  site.verdict = Verdict::kSuspect;
  site.significant = true;
  site.growth = Rate{per_hour, per_hour * .8, per_hour * 1.2};
  site.live_bytes = 10 * kMiB;
  return site;
}

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_ANALYSIS_PROCESS_MEMORY_SAMPLES_H_
