// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/doubt_words.h"

#include "absl/strings/str_cat.h"
#include "tools/analysis/model/window.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {

std::string DoubtText(const Doubts& doubts) {
  const std::string seconds = FormatDuration(doubts.seconds);
  const std::string shortest = FormatDuration(kShortestRunSeconds);
  switch (doubts.doubt) {
    case Doubt::kNone:
      break;
    case Doubt::kDamaged:
      return "the capture is damaged";
    case Doubt::kEndMissing:
      return "the end of the run is missing: its flight recorder is gone";
    case Doubt::kEventsLost:
      return absl::StrCat(FormatCount(doubts.events), " events were lost");
    case Doubt::kBecameUntracked:
      return absl::StrCat("after ", seconds, " it became ", SafeText(doubts.path),
                          ", which ran untracked");
    case Doubt::kRunTooShort:
      return absl::StrCat("the run is too short (", seconds, "; at least ", shortest, ")");
    case Doubt::kWindowTooShort:
      return absl::StrCat("the last ", seconds, " are too short to judge by; --since ", shortest,
                          " or more");
    case Doubt::kNothingSeen:
      return "no allocation was seen";
    case Doubt::kGrowthUnproven:
      return "what grows may be a leak, or a program that fills its caches: both look the same so "
             "far";
  }
  return "";
}

}  // namespace leaktrack
