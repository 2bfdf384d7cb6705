// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/end_words.h"

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {
namespace {

// " of 300 MiB of /kubepods/burstable/pod1"
std::string WhoseLimit(const capture::OomKill& kill) {
  std::string text;
  if (kill.limit_bytes > 0)
    absl::StrAppend(&text, " of ", FormatSize(static_cast<double>(kill.limit_bytes)));
  return absl::StrCat(text, " of ", kill.cgroup.empty() ? "its cgroup" : SafeText(kill.cgroup));
}

std::string ByWhat(const capture::OomKill& kill) {
  switch (kill.scope) {
    case capture::OomScope::kMachine:
      return "because the machine had no memory left";
    case capture::OomScope::kGroup:
      return absl::StrCat("with its whole cgroup, by the limit", WhoseLimit(kill));
    case capture::OomScope::kCgroup:
      break;
  }
  return absl::StrCat("by the limit", WhoseLimit(kill));
}

}  // namespace

std::string OomKillText(const capture::OomKill& kill) {
  return absl::StrCat("OOM-killed at ", ToTheSecond(kill.realtime_ns), " ", ByWhat(kill));
}

}  // namespace leaktrack
