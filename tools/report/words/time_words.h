// SPDX-License-Identifier: Apache-2.0
//
// Moments of a run as people note them: by the clock, in UTC, so that they can be held against a
// deployment log.
//
// Promises: the day stands with the time where the run is longer than a day, and for a moment on
// another day than that on which the run ended.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_TIME_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_TIME_WORDS_H_

#include <cstdint>
#include <string>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"
#include "tools/report/input/report_input.h"

namespace leaktrack {

// What words need to know of the time of a run.
struct RunTimes {
  int64_t start_realtime_ns = 0;  // 0: not known
  double duration_seconds = 0;
  bool part = false;   // only the last part of it was judged
  bool lives = false;  // it has a future
};

RunTimes TimesOf(const capture::Capture& capture, const Analysis& analysis);
inline RunTimes TimesOf(const ReportInput& input) { return TimesOf(input.capture, input.analysis); }

// "10:15 UTC", "Nov 30 10:15 UTC". Empty where the start of the run is not known.
std::string TimeOfDay(double seconds_since_start, const RunTimes& run);
// The same without the zone, for where it has just been named.
std::string ShortTimeOfDay(double seconds_since_start, const RunTimes& run);
// The same with the day in any case.
std::string DayAndTime(double seconds_since_start, const RunTimes& run);

// The same, or "2h 3m after the start".
std::string MomentText(double seconds_since_start, const RunTimes& run);

// "10:15:21 UTC", of nanoseconds since 1970.
std::string ToTheSecond(int64_t realtime_ns);

// "2026-11-30 10:15 UTC", of seconds since 1970.
std::string DateAndTime(int64_t unix_seconds);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_TIME_WORDS_H_
