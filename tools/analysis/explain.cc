// SPDX-License-Identifier: Apache-2.0
//
// The sentences that go with a verdict.
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/analysis/judge.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

std::string Blocks(const SiteHistory& history, int count) {
  return absl::StrCat(FormatCount(static_cast<uint64_t>(count)), history.exact ? "" : " sampled",
                      count == 1 ? " block" : " blocks");
}

std::string Pace(const Births& births) {
  if (std::abs(births.gamma) <= std::max(1.0, 2 * births.gamma_error)) return "at a steady rate";
  return births.gamma > 0 ? "ever faster" : "ever more slowly";
}

}  // namespace

std::string Evidence(const Judgement& judgement, const SiteHistory& history, Verdict verdict) {
  const Births& births = judgement.births;
  const NeverDies& old = judgement.never_dies;
  if (judgement.container) {
    return absl::StrCat("one block has grown by realloc in ", judgement.container->steps, " steps to ",
                        FormatSize(judgement.container->bytes), " and is still growing");
  }
  const std::string age = FormatDuration(old.cut_ms / 1e3);
  const auto deaths = static_cast<uint64_t>(old.deaths);
  if (verdict != Verdict::kNone) {
    return absl::StrCat(Blocks(history, births.blocks), " born here after the start live on, ",
                        deaths == 0 ? "none" : FormatCount(deaths), " older than ", age, " died, new ones come ",
                        Pace(births));
  }
  switch (judgement.trend) {
    case Trend::kStartup: return "nearly all of it was allocated while the program started";
    case Trend::kStep: return "it was allocated in one or a few bursts";
    case Trend::kPlateau: return "new blocks have stopped coming: it has filled up";
    case Trend::kBounded: return "its blocks die when they reach a certain age: a cache or a pool";
    case Trend::kChurn: return absl::StrCat("blocks older than ", age, " do die (", FormatCount(deaths), " did)");
    case Trend::kFlat: return "nothing that was allocated after the start is left";
    case Trend::kInsufficient:
      return absl::StrCat("only ", Blocks(history, static_cast<int>(history.survivors.size())), " to judge by");
    default: return "its growth is within what chance explains";
  }
}

std::string Settle(const Judgement& judgement, Verdict verdict) {
  switch (verdict) {
    case Verdict::kLeak: return "";
    case Verdict::kSuspect: return "a run of 10 minutes or more: growth that goes on is a leak";
    case Verdict::kWatch: return "a run twice as long: a filling cache slows down, a leak does not";
    case Verdict::kNone: break;
  }
  return judgement.trend == Trend::kInsufficient ? "a longer run or a smaller --interval" : "";
}

}  // namespace leaktrack
