// SPDX-License-Identifier: Apache-2.0
//
// What GitHub and GitLab read beside JUnit and SARIF: annotations, a step summary, code quality.
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/base/safe_text.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/words/counted.h"

namespace leaktrack {
namespace {

constexpr size_t kMaxAnnotations = 10;  // of a kind, per step; GitHub drops the rest without a word

std::string Property(const std::string& text) {
  return absl::StrReplaceAll(SafeText(text), {{"%", "%25"}, {":", "%3A"}, {",", "%2C"}});
}
std::string Message(const std::string& text) {
  return absl::StrReplaceAll(SafeText(text), {{"%", "%25"}});
}

const ResolvedFrame* BlamedLine(const SiteChange& site) {
  if (site.blame >= site.stack.size() || site.stack[site.blame].file.empty()) return nullptr;
  return &site.stack[site.blame];
}

// Names may hold anything; in a table cell these would end it, or become markup.
std::string Cell(const std::string& text) {
  return absl::StrReplaceAll(SafeText(text), {{"&", "&amp;"},
                                              {"<", "&lt;"},
                                              {">", "&gt;"},
                                              {"|", "\\|"},
                                              {"`", "'"},
                                              {"*", "\\*"},
                                              {"_", "\\_"}});
}

}  // namespace

std::string GateGithub(const GateResult& result) {
  std::string text;
  size_t written = 0, left_out = 0;
  for (const std::string& test : result.failed_tests) {
    if (++written < kMaxAnnotations)
      absl::StrAppend(&text, "::error title=leaktrack::", Message(TestSentence(test)), "\n");
  }
  for (const GateSite& site : result.sites) {
    if (!Fails(site)) continue;
    if (written >= kMaxAnnotations - 1) {
      ++left_out;
      continue;
    }
    ++written;
    const ResolvedFrame* line = BlamedLine(site.change);
    const std::string place =
        line == nullptr ? ""
                        : absl::StrCat("file=", Property(line->file), ",line=", line->line, ",");
    absl::StrAppend(&text, "::error ", place,
                    "title=leaktrack::", Message(Sentence(site, result.unit)), "\n");
  }
  if (left_out > 0)
    absl::StrAppend(
        &text, "::error title=leaktrack::", Counted(left_out, "more site fails", "more sites fail"),
        "; see the step summary\n");
  if (result.verdict == GateVerdict::kInconclusive) {
    absl::StrAppend(&text, "::warning title=leaktrack::inconclusive: ",
                    Message(result.inconclusive_because), "\n");
  }
  return text;
}

std::string GateMarkdown(const GateResult& result) {
  std::string text = absl::StrCat("### ", Cell(Headline(result)), "\n\n");
  if (!result.inconclusive_because.empty())
    absl::StrAppend(&text, Cell(result.inconclusive_because), "\n\n");
  for (const std::string& test : result.failed_tests)
    absl::StrAppend(&text, "* ", Cell(TestSentence(test)), "\n\n");
  if (result.sites.empty()) return text;
  absl::StrAppend(&text, "| | site | what |\n|---|---|---|\n");
  for (const GateSite& site : result.sites) {
    if (site.change.change == Change::kUnchanged && !site.over_limit) continue;
    absl::StrAppend(&text, "| ", Fails(site) ? "**fails**" : "", " | ",
                    Cell(KeyText(site.change.key)), " | ", Cell(GateSentence(site, result.unit)),
                    " |\n");
  }
  return text;
}

std::string GateGitlab(const GateResult& result) {
  Json issues = Json::array();
  std::set<std::string> seen;  // of two issues with one fingerprint GitLab shows the first
  for (const GateSite& site : result.sites) {
    if (site.suppressed || site.change.change == Change::kFixed ||
        (site.change.change == Change::kUnchanged && !site.over_limit))
      continue;
    std::string fingerprint = Fingerprint(site.change);
    while (!seen.insert(fingerprint).second) fingerprint += "+";
    const ResolvedFrame* line = BlamedLine(site.change);
    std::string path = "unknown", description = Sentence(site, result.unit);
    if (line != nullptr && !line->file.starts_with("/")) {
      path = SafeText(line->file);
    } else if (line != nullptr) {  // GitLab refuses a path that is not from the repository's root
      absl::StrAppend(&description, " (", line->file, ":", line->line, ")");
      line = nullptr;
    }
    issues.push_back(
        {{"description", SafeText(description)},
         {"check_name", absl::StrReplaceAll(Name(site.change.change), {{" ", "-"}})},
         {"fingerprint", fingerprint},
         {"severity", Fails(site) ? "critical" : "info"},
         {"location",
          {{"path", path},
           {"lines", {{"begin", line == nullptr || line->line == 0 ? 1 : line->line}}}}}});
  }
  return issues.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace leaktrack
