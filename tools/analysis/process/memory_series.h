// SPDX-License-Identifier: Apache-2.0
//
// How the process's memory moved: its parts on one grid of times, and slopes that single outliers
// cannot bend.
//
// What: the run after its first quarter (before, everything is start-up) is cut into blocks of
// equal length; each gives the reading with the least anonymous memory, and the tracked heap and
// mappings of that very moment. Why minima: garbage collections, batches and saws raise the
// readings between, what stays is at the bottom. Why Theil-Sen and not two points or least squares:
// one dropped cache must not decide what a whole run is called.
// Promises: a part that was not told at every time of the grid is empty, never 0.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_SERIES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

inline constexpr size_t kMinMemoryReadings = 8;

struct MemorySeries {
  std::vector<double> hours;  // since the start of the run
  std::vector<double> rss, anonymous, files, shared,
      cgroup,                             // of all its processes
      swap;                               // files: of the program, and shared memory
  std::vector<double> live_heap, mapped;  // by our own account; mapped is address space
  // By the allocator's own account, at its own times: it is asked rarely. Of the whole run, as
  // there are few.
  std::vector<double> allocator_hours, allocator_free;
  std::vector<double> threads;  // a number
  bool empty() const { return hours.empty(); }
  double span_hours() const { return hours.empty() ? 0 : hours.back() - hours.front(); }
};

// Empty where there are fewer than kMinMemoryReadings.
MemorySeries SeriesOf(const capture::Capture& capture);

// Theil-Sen, with Sen's interval; empty for less than four values or no span.
std::optional<Rate> SlopePerHour(const std::vector<double>& hours,
                                 const std::vector<double>& values);

// What the allocator held free then, by its latest word; its first word before that, and 0 where
// it says nothing.
double HeldFreeAt(const MemorySeries& series, double hours);

// How much higher the last third lies than the first, by their medians.
double Shift(const std::vector<double>& values);

// A part that grew by more than noise: by 4 MiB and a tenth at least, and steadily or in steps that
// stayed.
bool Grew(const std::vector<double>& hours, const std::vector<double>& values);

// Tracked live bytes of one kind at each of the ascending times, from the counters.
std::vector<double> LiveBytesAt(const capture::Capture& capture, capture::SiteKind kind,
                                const std::vector<uint64_t>& times_ms);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_SERIES_H_
