// SPDX-License-Identifier: Apache-2.0
//
// JUnit XML: one test case per site, one for the total. Read by Jenkins, GitLab, Azure and
// CircleCI.
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/encode/markup_text.h"
#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

std::string Xml(const std::string& text) { return MarkupText(SafeText(text)); }

std::string StackText(const SiteChange& site) {
  std::string text;
  for (size_t i = site.blame; i < FramesOfTheProgram(site.stack, site.blame); ++i) {
    const ResolvedFrame& frame = site.stack[i];
    absl::StrAppend(&text, Xml(DisplayName(frame)),
                    frame.line != 0 ? Xml(absl::StrCat(" at ", frame.file, ":", frame.line)) : "",
                    "\n");
  }
  return text;
}

std::string Case(const std::string& name, const std::string& body) {
  const std::string open =
      absl::StrCat("    <testcase classname=\"leaktrack\" name=\"", Xml(name), "\"");
  return body.empty() ? open + "/>\n" : absl::StrCat(open, ">\n", body, "    </testcase>\n");
}

std::string SiteCase(const GateSite& site, const std::string& unit) {
  const std::string name = KeyText(site.change.key);
  if (site.suppressed) return Case(name, "      <skipped message=\"suppressed\"/>\n");
  if (!Fails(site)) return Case(name, "");
  return Case(name, absl::StrCat("      <failure type=\"", Xml(Name(site.change.change)),
                                 "\" message=\"", Xml(Sentence(site, unit)), "\">\n",
                                 StackText(site.change), "</failure>\n"));
}

std::string TotalCase(const GateResult& result) {
  if (result.over_total) {
    return Case("total", absl::StrCat("      <failure type=\"OVER LIMIT\" message=\"",
                                      Xml(Headline(result)), "\"/>\n"));
  }
  if (result.verdict != GateVerdict::kInconclusive) return Case("total", "");
  return Case("total", absl::StrCat("      <error type=\"INCONCLUSIVE\" message=\"",
                                    Xml(result.inconclusive_because), "\"/>\n"));
}

}  // namespace

std::string GateJunit(const GateResult& result) {
  size_t failures = result.failed_tests.size() + (result.over_total ? 1 : 0), skipped = 0;
  std::string cases = TotalCase(result);
  for (const std::string& test : result.failed_tests) {
    cases += Case(test, absl::StrCat("      <failure type=\"KEEPS\" message=\"",
                                     Xml(TestSentence(test)), "\"/>\n"));
  }
  for (const GateSite& site : result.sites) {
    failures += Fails(site);
    skipped += site.suppressed;
    cases += SiteCase(site, result.unit);
  }
  const std::string counts = absl::StrCat(
      "tests=\"", result.sites.size() + result.failed_tests.size() + 1, "\" failures=\"", failures,
      "\" errors=\"", result.verdict == GateVerdict::kInconclusive ? 1 : 0, "\" skipped=\"",
      skipped, "\"");
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"leaktrack\" ",
      counts, ">\n", cases, "  </testsuite>\n</testsuites>\n");
}

}  // namespace leaktrack
