// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/growth_words.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr double kPerMinuteFrom = 60.0 * (1 << 20);  // bytes per hour
constexpr double kDay = 86400;
constexpr double kPartialShare =
    .9;  // of the blocks that never die, above which "nearly all" needs no word

bool PerMinute(double bytes_per_hour) { return std::abs(bytes_per_hour) >= kPerMinuteFrom; }

std::string Unit(const std::string& size) {
  return size.substr(std::min(size.rfind(' '), size.size()));
}
std::string Number(const std::string& size) { return size.substr(0, size.rfind(' ')); }

// "one in 50"
std::string OneIn(double share) {
  return absl::StrCat("one in ",
                      FormatCount(static_cast<uint64_t>(std::llround(1 / std::max(share, 1e-6)))));
}

std::string Since(const SiteGroup& group, const ReportInput& input) {
  const double seconds = group.first().late_onset_seconds.value_or(input.analysis.duration_seconds -
                                                                   group.oldest_seconds);
  const double judged_from =
      input.analysis.duration_seconds -
      input.analysis.window_seconds.value_or(input.analysis.duration_seconds);
  const std::string when = TimeOfDay(std::max(seconds, judged_from), input);
  if (when.empty())
    return group.first().late_onset_seconds
               ? absl::StrCat(" since ", FormatDuration(seconds), " after the start")
               : "";
  return absl::StrCat(group.first().late_onset_seconds ? "; began at " : " since ", when);
}

std::string Shape(const SiteGroup& group, const ReportInput& input) {
  const SiteResult& site = group.first();
  const std::string rate = absl::StrCat("+", GrowthText(group.growth));
  if (site.sawtooth) {
    return absl::StrCat("teeth of ", FormatSize(site.sawtooth->tooth_bytes),
                        " on a base that grows ", rate);
  }
  if (site.doubling_seconds)
    return absl::StrCat("doubles every ", FormatDuration(*site.doubling_seconds), ", now ", rate);
  switch (site.trend) {
    case Trend::kContainer:
      return absl::StrCat(rate, ": one container that never shrinks");
    case Trend::kBacklog:
      return absl::StrCat(rate, ": a queue that fills faster than it is emptied");
    case Trend::kAccelerating:
      return absl::StrCat(rate, Since(group, input), ", and rising");
    case Trend::kDecelerating:
      return absl::StrCat(rate, Since(group, input), ", and slowing down");
    default:
      return absl::StrCat(rate, Since(group, input));
  }
}

}  // namespace

std::string GrowthRate(double bytes_per_hour) {
  return PerMinute(bytes_per_hour) ? FormatSize(bytes_per_hour / 60) + "/min"
                                   : FormatRate(bytes_per_hour);
}

std::string GrowthText(const Rate& growth) {
  const double scale = PerMinute(growth.mid) ? 60 : 1;
  const std::string low = FormatSize(growth.low / scale);
  const std::string high = FormatSize(growth.high / scale);
  const std::string mid = FormatSize(growth.mid / scale);
  // One unit is enough where all three have the same: room in the headline is dear.
  const bool one_unit = Unit(mid) == Unit(low) && Unit(mid) == Unit(high);
  return absl::StrCat(GrowthRate(growth.mid), " (", one_unit ? Number(low) : low, " to ",
                      one_unit ? Number(high) : high, ")");
}

std::string TimeOfDay(double seconds_since_start, const ReportInput& input) {
  if (input.capture.process.start_realtime_ns <= 0) return "";
  const time_t when = static_cast<time_t>(
      static_cast<double>(input.capture.process.start_realtime_ns) / 1e9 + seconds_since_start);
  tm parts{};
  if (gmtime_r(&when, &parts) == nullptr) return "";
  char text[64];
  const bool with_day = input.analysis.duration_seconds > kDay;
  return strftime(text, sizeof text, with_day ? "%b %d %H:%MZ" : "%H:%MZ", &parts) > 0 ? text : "";
}

std::string PercentText(double probability) {
  if (probability >= .995) return "over 99 %";
  return probability < .01 ? "under 1 %" : absl::StrFormat("%.0f %%", probability * 100);
}

std::string ProbabilitySentence(const SiteGroup& group, const ReportInput& input) {
  const SiteResult& site = group.first();
  std::string text = PercentText(group.leak_probability);
  if (!site.decided_by_seconds) return text;
  const std::string when = TimeOfDay(*site.decided_by_seconds, input);
  const double left = *site.decided_by_seconds - input.analysis.duration_seconds;
  return absl::StrCat(
      text, site.verdict == Verdict::kWatch ? ", decided by " : ", certain by ",
      when.empty() ? FormatDuration(*site.decided_by_seconds) + " after the start" : when,
      left >= 1 ? absl::StrCat(" (in ", FormatDuration(left), ")") : "", " if it goes on");
}

std::string GrowthSentence(const SiteGroup& group, const ReportInput& input) {
  const SiteResult& site = group.first();
  std::string text = Shape(group, input);
  if (site.state == State::kConfirmed) absl::StrAppend(&text, ", confirmed");
  if (site.leaked_share && *site.leaked_share<kPartialShare&& * site.leaked_share> 0) {
    absl::StrAppend(&text, "; ", OneIn(*site.leaked_share), " of its blocks is never freed");
  }
  if (site.freed_at_exit) absl::StrAppend(&text, "; tidied up only when the program ended");
  return text;
}

}  // namespace leaktrack
