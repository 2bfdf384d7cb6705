// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/phrases.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/time_words.h"

namespace leaktrack::live {
namespace {

constexpr double kLongestSeconds = 30 * 24 * 3600.0;

std::string Clock(int64_t when, bool with_day) {
  const std::string text = DateAndTime(when);  // "2026-11-30 10:15 UTC"
  return with_day || text.size() < 16 ? text.substr(0, 16) : text.substr(11, 5);
}

std::string SizeOrUnknown(int64_t bytes) {
  return bytes < 0 ? "?" : FormatSize(static_cast<double>(bytes));
}

}  // namespace

const char* StatusWord(Status status) {
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
  return "OK";
}

Tint TintOf(Status status) {
  switch (status) {
    case Status::kOk:
      return Tint::kNone;
    case Status::kWarning:
      return Tint::kYellow;
    case Status::kCritical:
    case Status::kOomImminent:
      return Tint::kRed;
  }
  return Tint::kNone;
}

std::string LimitText(const LimitView& limit) {
  if (limit.kind == LimitKind::kNone) return "";
  const std::string size = FormatSize(static_cast<double>(limit.bytes));
  return limit.kind == LimitKind::kCgroup
             ? absl::StrCat(size, " of cgroup ", SafeText(limit.cgroup))
             : absl::StrCat(size, " of the machine");
}

std::string FullText(const Outlook& outlook, int64_t now) {
  if (!outlook.mid) return "";
  const double furthest = outlook.high.value_or(*outlook.mid);
  const bool days = (now % 86400) + furthest >= 86400;
  const auto at = [&](double seconds) {
    return seconds > kLongestSeconds ? std::string("in over 30 days")
                                     : Clock(now + static_cast<int64_t>(seconds), days);
  };
  return absl::StrCat(at(*outlook.mid), " UTC, in ", FormatDuration(std::round(*outlook.mid)),
                      " (80 %: ", outlook.low ? at(*outlook.low) : "never", " to ",
                      outlook.high ? at(*outlook.high) : "never", ")");
}

std::string FullIn(const Outlook& outlook) {
  if (!outlook.mid) return "-";
  if (*outlook.mid > kLongestSeconds) return "> 30d";
  return FormatDuration(std::round(*outlook.mid));
}

std::string GrowsText(const Growth& growth) {
  const bool moves = growth.shape != Shape::kTooShort && growth.shape != Shape::kSteady;
  if (!moves || !growth.rate) return "-";
  return absl::StrCat(growth.rate->mid >= 0 ? "+" : "", GrowthRate(growth.rate->mid));
}

std::string SiteText(const SiteSummary& site) {
  const std::string function = SafeText(site.function.empty() ? site.module : site.function);
  if (site.file.empty()) return function;
  const std::string file = site.file.substr(site.file.rfind('/') + 1);
  return absl::StrCat(function, " (", SafeText(file), ":", site.line, ")");
}

std::string KillText(const OomKill& kill) {
  const std::string limit =
      kill.limit_bytes > 0
          ? absl::StrCat(" by the limit of ", FormatSize(static_cast<double>(kill.limit_bytes)))
          : "";
  const std::string where =
      kill.cgroup.empty() ? " of the machine" : absl::StrCat(" of ", SafeText(kill.cgroup));
  if (kill.proof == OomKill::Proof::kCounter) {
    return absl::StrCat(kill.count, kill.count == 1 ? " OOM kill" : " OOM kills", " in ",
                        SafeText(kill.cgroup),
                        " since it was made (its own counter; when and whom is not told)");
  }
  std::string text =
      absl::StrCat(SafeText(kill.name), " (pid ", kill.pid, ") was OOM-killed at ",
                   DateAndTime(kill.time), limit.empty() ? " for want of memory" : limit, where,
                   "; it held ", SizeOrUnknown(kill.resident), " (kernel log)");
  if (kill.whole_group) absl::StrAppend(&text, "; with it all of its cgroup (memory.oom.group)");
  if (!kill.largest.empty()) {
    absl::StrAppend(&text, "; not the largest: ", SafeText(kill.largest), " held ",
                    SizeOrUnknown(kill.largest_resident));
  }
  return text;
}

std::vector<std::string> UnseenTexts(const Unseen& unseen) {
  std::vector<std::string> texts;
  const auto add = [&](bool applies, const std::string& text) {
    if (applies) texts.push_back(text);
  };
  add(unseen.hidden, "processes of other users: /proc is mounted with hidepid; run it as root");
  add(unseen.own_namespace, "processes outside this container (a pid namespace)");
  add(unseen.unreadable > 0,
      absl::StrCat(
          "maps of ", unseen.unreadable,
          " processes that are not ours: what grows in them is told only as anonymous; run "
          "it as root"));
  add(unseen.no_cgroups,
      "memory cgroups: none of their files are here, so limits are the machine's");
  add(unseen.no_kernel_log,
      "the kernel log (it takes root or CAP_SYSLOG): OOM kills are counted, "
      "without time and name");
  add(unseen.beyond_bounds > 0,
      absl::StrCat(unseen.beyond_bounds, " processes beyond the 10,000 that are followed"));
  return texts;
}

}  // namespace leaktrack::live
