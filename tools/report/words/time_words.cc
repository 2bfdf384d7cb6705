// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/time_words.h"

#include <ctime>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr double kDay = 86400;

std::string Formatted(int64_t unix_seconds, const char* format) {
  const auto when = static_cast<time_t>(unix_seconds);
  tm parts{};
  if (gmtime_r(&when, &parts) == nullptr) return "";
  char text[64];
  return strftime(text, sizeof text, format, &parts) > 0 ? text : "";
}

}  // namespace

RunTimes TimesOf(const capture::Capture& capture, const Analysis& analysis) {
  return {capture.process.start_realtime_ns, analysis.duration_seconds,
          analysis.window_seconds.has_value()};
}

std::string TimeOfDay(double seconds_since_start, const RunTimes& run) {
  if (run.start_realtime_ns <= 0) return "";
  const double when = static_cast<double>(run.start_realtime_ns) / 1e9 + seconds_since_start;
  return Formatted(static_cast<int64_t>(when),
                   run.duration_seconds > kDay ? "%b %d %H:%MZ" : "%H:%MZ");
}

std::string MomentText(double seconds_since_start, const RunTimes& run) {
  const std::string clock = TimeOfDay(seconds_since_start, run);
  return clock.empty() ? absl::StrCat(FormatDuration(seconds_since_start), " after the start")
                       : clock;
}

std::string DateAndTime(int64_t unix_seconds) { return Formatted(unix_seconds, "%Y-%m-%d %H:%MZ"); }

}  // namespace leaktrack
