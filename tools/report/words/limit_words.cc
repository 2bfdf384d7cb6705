// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/limit_words.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {
namespace {

constexpr double kByTheClockSeconds = 36 * 3600;  // what is farther away is told in days

const char* OfWhat(LimitKind kind) {
  switch (kind) {
    case LimitKind::kNone:
      return "";
    case LimitKind::kCgroup:
      return " of the cgroup";
    case LimitKind::kRlimit:
      return " of address space (ulimit -v)";
    case LimitKind::kMachine:
      return " of the machine";
    case LimitKind::kOption:
      return " by --limit";
  }
  return "";
}

bool Near(const std::optional<double>& seconds) { return seconds && *seconds <= kFarAwaySeconds; }

std::string Lasting(const std::optional<double>& seconds) {
  return Near(seconds) ? FormatDuration(*seconds) : "never";
}

// "80 % range: 4h 57m to never"
std::string RangeText(const ProcessResult& process) {
  return absl::StrCat("80 % range: ", Lasting(process.seconds_low), " to ",
                      Lasting(process.seconds_high));
}

std::string ByTheClock(const ProcessResult& process, const ReportInput& input) {
  const RunTimes run = TimesOf(input);
  const double now = input.analysis.duration_seconds;
  const auto clock = [&](const std::optional<double>& seconds) {
    return Near(seconds) ? ShortTimeOfDay(now + *seconds, run) : "never";
  };
  return absl::StrCat("at ", TimeOfDay(now + *process.seconds_mid, run), ", in ",
                      FormatDuration(*process.seconds_mid),
                      " (80 % range: ", clock(process.seconds_low), " to ",
                      clock(process.seconds_high), ")");
}

}  // namespace

const char* StatusText(Status status) {
  switch (status) {
    case Status::kOk:
      return "OK";
    case Status::kWarning:
      return "WARNING";
    case Status::kCritical:
      return "CRITICAL";
    case Status::kOomImminent:
      return "OOM IMMINENT";
  }
  return "";
}

std::string LimitText(const ReportInput& input) {
  const ProcessResult& process = input.analysis.process;
  if (!process.limit_bytes) return "";
  std::string text = absl::StrCat(
      FormatSize(static_cast<double>(*process.limit_bytes)), OfWhat(process.limit_kind), ", ",
      absl::StrFormat("%.0f %% used", process.used_fraction.value_or(0) * 100));
  // A status is a warning: of what has ended nothing can be warned of.
  if (process.status != Status::kOk && Lives(input.capture))
    absl::StrAppend(&text, ": ", StatusText(process.status));
  return text;
}

std::string ForecastText(const ReportInput& input) {
  const ProcessResult& process = input.analysis.process;
  if (process.odds.empty() || !Lives(input.capture)) return "";
  if (!Near(process.seconds_mid)) {
    return Near(process.seconds_low)
               ? absl::StrCat("more likely never; in ", FormatDuration(*process.seconds_low),
                              " at the earliest")
               : "not within years at this rate";
  }
  if (input.capture.as_of) {
    return absl::StrCat(FormatDuration(*process.seconds_mid), " after it was sealed (",
                        RangeText(process), ")");
  }
  const double last = process.seconds_high.value_or(*process.seconds_mid);
  if (input.capture.process.start_realtime_ns > 0 && last < kByTheClockSeconds)
    return ByTheClock(process, input);
  return absl::StrCat("in ", FormatDuration(*process.seconds_mid), " (", RangeText(process), ")");
}

}  // namespace leaktrack
