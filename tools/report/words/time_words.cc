// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/time_words.h"

#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr int64_t kDay = 86400;

std::string Formatted(int64_t unix_seconds, const char* format) {
  const auto when = static_cast<time_t>(unix_seconds);
  tm parts{};
  if (gmtime_r(&when, &parts) == nullptr) return "";
  char text[64];
  return strftime(text, sizeof text, format, &parts) > 0
             ? absl::StrReplaceAll(text, {{"  ", " "}})  // "%e" fills with a blank
             : "";
}

int64_t UnixSeconds(double seconds_since_start, const RunTimes& run) {
  return static_cast<int64_t>(static_cast<double>(run.start_realtime_ns) / 1e9 +
                              seconds_since_start);
}

int64_t DayOf(int64_t unix_seconds) { return unix_seconds / kDay; }

}  // namespace

RunTimes TimesOf(const capture::Capture& capture, const Analysis& analysis) {
  return {capture.process.start_realtime_ns, analysis.duration_seconds,
          analysis.window_seconds.has_value(), Lives(capture)};
}

std::string ShortTimeOfDay(double seconds_since_start, const RunTimes& run) {
  if (run.start_realtime_ns <= 0) return "";
  const int64_t when = UnixSeconds(seconds_since_start, run);
  const bool today = DayOf(when) == DayOf(UnixSeconds(run.duration_seconds, run));
  return Formatted(when, today && run.duration_seconds <= kDay ? "%H:%M" : "%b %e %H:%M");
}

std::string TimeOfDay(double seconds_since_start, const RunTimes& run) {
  const std::string time = ShortTimeOfDay(seconds_since_start, run);
  return time.empty() ? "" : absl::StrCat(time, " UTC");
}

std::string DayAndTime(double seconds_since_start, const RunTimes& run) {
  if (run.start_realtime_ns <= 0) return "";
  return Formatted(UnixSeconds(seconds_since_start, run), "%b %e %H:%M UTC");
}

std::string MomentText(double seconds_since_start, const RunTimes& run) {
  const std::string clock = TimeOfDay(seconds_since_start, run);
  return clock.empty() ? absl::StrCat(FormatDuration(seconds_since_start), " after the start")
                       : clock;
}

std::string ToTheSecond(int64_t realtime_ns) {
  return Formatted(realtime_ns / 1'000'000'000, "%H:%M:%S UTC");
}

std::string DateAndTime(int64_t unix_seconds) {
  return Formatted(unix_seconds, "%Y-%m-%d %H:%M UTC");
}

}  // namespace leaktrack
