// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/likelihood_words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace leaktrack {
namespace {

std::string WithProbability(double probability, const SiteResult& site, const RunTimes& run) {
  const std::string decision = DecisionText(site, run);
  return absl::StrCat(PercentText(probability), " that this is a leak",
                      decision.empty() ? "" : "; ", decision);
}

}  // namespace

std::string PercentText(double probability) {
  constexpr double kMost = .99, kLeast = .01;
  if (probability > kMost) return "over 99 %";
  return probability < kLeast ? "under 1 %" : absl::StrFormat("%.0f %%", probability * 100);
}

std::string DecisionText(const SiteResult& site, const RunTimes& run) {
  if (!site.decided_by_seconds || !run.lives) return "";
  const std::string when = MomentText(*site.decided_by_seconds, run);
  return absl::StrCat(site.verdict == Verdict::kSuspect ? "over 99 % by " : "decided by ", when,
                      " if it goes on");
}

std::string LikelihoodText(const SiteResult& site, const RunTimes& run) {
  if (!site.leak_probability) return "";
  return WithProbability(*site.leak_probability, site, run);
}

std::string LikelihoodText(const SiteGroup& group, const RunTimes& run) {
  if (!group.first().leak_probability) return "";
  return WithProbability(group.leak_probability, group.first(), run);
}

}  // namespace leaktrack
