// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/words/page.h"

namespace leaktrack {
namespace {

constexpr size_t kFramesShown = 6, kReachableShown = 10;

Tint TintOf(const GateSite& site) {
  if (Fails(site)) return Tint::kRed;
  if (site.change.change == Change::kUnclear) return Tint::kYellow;
  return site.change.change == Change::kFixed ? Tint::kGreen : Tint::kDim;
}

void Stack(Page& page, const SiteChange& site) {
  for (size_t i = site.blame, shown = 0;
       i < FramesOfTheProgram(site.stack, site.blame) && shown < kFramesShown; ++i, ++shown) {
    const ResolvedFrame& frame = site.stack[i];
    std::string text = DisplayName(frame);
    if (frame.line != 0) absl::StrAppend(&text, " at ", SafeText(frame.file), ":", frame.line);
    page.Field(shown == 0 ? "  stack" : "", text, 8);
  }
}

// "FIXED", "KNOWN" and suppressed ones in a line each; those that fail with their stacks.
void Site(Page& page, const GateSite& site, const std::string& sentence) {
  page.Line(SafeText(sentence), TintOf(site));
  if (Fails(site)) Stack(page, site.change);
}

// Held by something at the end: no leaks, but told of, the largest first.
void Reachable(Page& page, const GateResult& result) {
  for (size_t i = 0; i < result.reachable.size() && i < kReachableShown; ++i)
    page.Field(i == 0 ? "reachable" : "",
               SafeText(ReachableSentence(result.reachable[i], result.unit)));
  if (result.reachable.size() > kReachableShown)
    page.Field("", absl::StrCat("and ", result.reachable.size() - kReachableShown, " more"));
}

void Notes(Page& page, const GateResult& result) {
  for (const std::string& one : result.notes) page.Field("note", one);
  for (const std::string& one : result.stale)
    page.Field("note", absl::StrCat("baseline: ", SafeText(one)));
  for (const std::string& one : result.unused)
    page.Field("note", absl::StrCat("unused suppression: ", SafeText(one)));
  for (const std::string& one : result.unused_limits)
    page.Field("note", absl::StrCat("unused limit, no leak matches it: ", SafeText(one)));
  if (result.detectable_bytes > 1) {
    page.Field("power", absl::StrCat("a new leak of ", FormatSize(result.detectable_bytes), " per ",
                                     result.unit, " would have been found ", kPower));
  }
  if (!result.inconclusive_because.empty())
    page.Field("why", SafeText(result.inconclusive_because));
}

}  // namespace

std::string GateText(const GateResult& result, size_t columns, bool colour) {
  Page page(columns, colour);
  page.Line(Headline(result), result.verdict == GateVerdict::kFail   ? Tint::kRed
                              : result.verdict == GateVerdict::kPass ? Tint::kGreen
                                                                     : Tint::kYellow);
  for (const std::string& test : result.failed_tests)
    page.Line(SafeText(TestSentence(test)), Tint::kRed);
  for (const GateSite& site : result.sites) {
    if (site.change.change != Change::kUnchanged || site.over_limit)
      Site(page, site, GateSentence(site, result.unit));
  }
  Reachable(page, result);
  Notes(page, result);
  return page.text();
}

std::string ComparisonText(const Comparison& comparison, size_t columns, bool colour) {
  Page page(columns, colour);
  const bool worse = comparison.Regressed();
  const bool unclear = !comparison.inconclusive_because.empty();
  page.Line(worse     ? "diff: WORSE"
            : unclear ? "diff: INCONCLUSIVE"
                      : "diff: no regression",
            worse     ? Tint::kRed
            : unclear ? Tint::kYellow
                      : Tint::kGreen);
  for (const SiteChange& change : comparison.sites) {
    if (change.change == Change::kUnchanged) continue;
    const GateSite site{change, false, false};
    Site(page, site, Sentence(site, comparison.unit));
  }
  if (unclear) page.Field("why", SafeText(comparison.inconclusive_because));
  const std::string power = PowerText(comparison);
  if (!power.empty()) page.Field("power", power);
  return page.text();
}

}  // namespace leaktrack
