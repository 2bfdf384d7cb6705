// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/growth_words.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/report/words/fill.h"
#include "tools/report/words/time_words.h"
#include "tools/report/words/trend_words.h"

namespace leaktrack {
namespace {

constexpr double kPerMinuteFrom = 60.0 * (1 << 20);  // bytes per hour
constexpr absl::string_view kSeparator = "; ";
constexpr double kPartialShare =
    .9;  // of the blocks that never die, above which "nearly all" needs no word

std::string Unit(const std::string& size) {
  return size.substr(std::min(size.rfind(' '), size.size()));
}
std::string Number(const std::string& size) { return size.substr(0, size.rfind(' ')); }

// "one in 50"
std::string OneIn(double share) {
  return absl::StrCat("one in ",
                      FormatCount(static_cast<uint64_t>(std::llround(1 / std::max(share, 1e-6)))));
}

// What the blanks of trend_words stand for.
std::string Figure(std::string_view name, const SiteResult& site) {
  if (name == "doubling") return FormatDuration(site.doubling_seconds.value_or(0));
  return name == "tooth" && site.sawtooth ? FormatSize(site.sawtooth->tooth_bytes) : "";
}

std::string Blank(std::string_view name, const SiteGroup& group, const ReportInput& input) {
  if (name == "rate") return absl::StrCat("+", GrowthText(group.growth));
  return name == "since" ? SinceText(group, input) : Figure(name, group.first());
}

// "; one in 50 of its blocks is never freed"
std::string Limits(const SiteResult& site) {
  std::string text;
  const double share = site.leaked_share.value_or(1);
  if (share > 0 && share < kPartialShare)
    absl::StrAppend(&text, kSeparator, OneIn(share), " of its blocks is never freed");
  if (site.freed_at_exit) absl::StrAppend(&text, kSeparator, "freed only when the program ended");
  return text;
}

// "a step of 1.2 MiB every 20s, 7 so far"
std::string StepsSoFar(const SiteResult& site) {
  const std::optional<StepFacts>& steps = site.evidence.steps;
  if (!steps) return "";
  return absl::StrCat("a step of ", FormatSize(steps->bytes), " every ",
                      FormatDuration(steps->seconds_apart), ", ", steps->count, " so far");
}

}  // namespace

bool CountsByTheMinute(double bytes_per_hour) { return std::abs(bytes_per_hour) >= kPerMinuteFrom; }

std::string SinceText(const SiteGroup& group, const ReportInput& input) {
  const Analysis& analysis = input.analysis;
  const std::optional<double>& onset = group.first().late_onset_seconds;
  const double judged_from =
      analysis.duration_seconds - analysis.window_seconds.value_or(analysis.duration_seconds);
  const double seconds =
      std::max(onset.value_or(analysis.duration_seconds - group.oldest_seconds), judged_from);
  const bool known = onset || input.capture.process.start_realtime_ns > 0;
  return known ? absl::StrCat(" since ", MomentText(seconds, TimesOf(input))) : "";
}

std::string GrowthRate(double bytes_per_hour) {
  return CountsByTheMinute(bytes_per_hour) ? FormatSize(bytes_per_hour / 60) + "/min"
                                           : FormatRate(bytes_per_hour);
}

std::string GrowthText(const Rate& growth) {
  const double scale = CountsByTheMinute(growth.mid) ? 60 : 1;
  const std::string low = FormatSize(growth.low / scale);
  const std::string high = FormatSize(growth.high / scale);
  const std::string mid = FormatSize(growth.mid / scale);
  // One unit is enough where all three have the same: room in the headline is dear.
  const bool one_unit = Unit(mid) == Unit(low) && Unit(mid) == Unit(high);
  return absl::StrCat(GrowthRate(growth.mid), " (90 % range: ", one_unit ? Number(low) : low,
                      " to ", one_unit ? Number(high) : high, ")");
}

std::string GrowthSentence(const SiteGroup& group, const ReportInput& input) {
  std::string text = Fill(WordsOf(group.first().trend).growth,
                          [&](std::string_view name) { return Blank(name, group, input); });
  if (const std::string steps = StepsSoFar(group.first()); !steps.empty())
    absl::StrAppend(&text, ": ", steps);
  if (group.first().state == State::kConfirmed) absl::StrAppend(&text, ", confirmed");
  return text + Limits(group.first());
}

std::string PeculiarityText(const SiteGroup& group) {
  const std::string steps = StepsSoFar(group.first());
  if (!steps.empty()) return steps + Limits(group.first());
  const std::string text = Fill(WordsOf(group.first().trend).peculiarity,
                                [&](std::string_view name) { return Figure(name, group.first()); });
  const std::string limits = Limits(group.first());
  return limits.empty() || !text.empty() ? text + limits : limits.substr(kSeparator.size());
}

}  // namespace leaktrack
