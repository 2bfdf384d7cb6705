// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/growth_words.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/report/words/fill.h"
#include "tools/report/words/time_words.h"
#include "tools/report/words/trend_words.h"

namespace leaktrack {
namespace {

constexpr double kPerMinuteFrom = 60.0 * (1 << 20);  // bytes per hour
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
  const std::string when = TimeOfDay(std::max(seconds, judged_from), TimesOf(input));
  if (when.empty())
    return group.first().late_onset_seconds
               ? absl::StrCat(" since ", FormatDuration(seconds), " after the start")
               : "";
  return absl::StrCat(group.first().late_onset_seconds ? "; began at " : " since ", when);
}

// What the blanks of trend_words stand for.
std::string Blank(std::string_view name, const SiteGroup& group, const ReportInput& input) {
  const SiteResult& site = group.first();
  if (name == "rate") return absl::StrCat("+", GrowthText(group.growth));
  if (name == "since") return Since(group, input);
  if (name == "doubling") return FormatDuration(site.doubling_seconds.value_or(0));
  return name == "tooth" && site.sawtooth ? FormatSize(site.sawtooth->tooth_bytes) : "";
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

std::string GrowthSentence(const SiteGroup& group, const ReportInput& input) {
  const SiteResult& site = group.first();
  std::string text = Fill(WordsOf(site.trend).growth,
                          [&](std::string_view name) { return Blank(name, group, input); });
  if (site.state == State::kConfirmed) absl::StrAppend(&text, ", confirmed");
  if (site.leaked_share && *site.leaked_share<kPartialShare&& * site.leaked_share> 0) {
    absl::StrAppend(&text, "; ", OneIn(*site.leaked_share), " of its blocks is never freed");
  }
  if (site.freed_at_exit) absl::StrAppend(&text, "; tidied up only when the program ended");
  return text;
}

}  // namespace leaktrack
