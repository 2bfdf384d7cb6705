// SPDX-License-Identifier: Apache-2.0
//
// SARIF 2.1.0, within what GitHub reads: 5,000 results, 100 locations each.
#include <algorithm>
#include <string>

#include "tools/base/safe_text.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/words/counted.h"

namespace leaktrack {
namespace {

constexpr size_t kMaxResults = 5000;
constexpr size_t kMaxLocations = 100;

struct Rule {
  const char* id;
  const char* text;
};
constexpr Rule kRules[] = {
    {"new-leak", "A call site leaks that is not in the baseline"},
    {"worse-leak", "A known leak has become worse"},
    {"known-leak", "A leak that the baseline knows"},
    {"over-limit", "A call site keeps more than its limit"},
    {"unclear", "A call site keeps more, and the runs differ too much to tell"}};

const char* RuleOf(const GateSite& site) {
  switch (site.change.change) {
    case Change::kNewLeak:
      return kRules[0].id;
    case Change::kWorse:
      return kRules[1].id;
    case Change::kUnclear:
      return kRules[4].id;
    case Change::kUnchanged:
    case Change::kKnown:
    case Change::kFixed:
      break;
  }
  return site.over_limit ? kRules[3].id : kRules[2].id;
}

const char* LevelOf(const GateSite& site) {
  if (Fails(site)) return "error";
  return site.change.change == Change::kUnclear ? "warning" : "note";
}

// A path below the root of a checkout is what viewers can open; an absolute one is a URI of its
// own.
Json Artifact(const std::string& file) {
  return {{"uri", file.starts_with("/") ? "file://" + SafeText(file) : SafeText(file)}};
}

Json Location(const ResolvedFrame& frame) {
  Json location = {{"logicalLocations", Json::array({{{"fullyQualifiedName", DisplayName(frame)},
                                                      {"kind", "function"}}})}};
  if (!frame.file.empty()) {
    location["physicalLocation"] = {{"artifactLocation", Artifact(frame.file)},
                                    {"region", {{"startLine", std::max(1u, frame.line)}}}};
  }
  return location;
}

Json Result(const GateSite& site, const std::string& unit) {
  Json steps = Json::array();
  const size_t end = std::min(site.change.stack.size(), site.change.blame + kMaxLocations);
  for (size_t i = end; i > site.change.blame; --i)
    steps.push_back({{"location", Location(site.change.stack[i - 1])}});
  Json result = {{"ruleId", RuleOf(site)},
                 {"level", LevelOf(site)},
                 {"message", {{"text", SafeText(Sentence(site, unit))}}},
                 {"rank", 100 * (1 - std::clamp(site.change.q, 0.0, 1.0))},
                 {"partialFingerprints", {{"leaktrackSite/v1", Fingerprint(site.change)}}}};
  if (site.change.change == Change::kNewLeak)
    result.erase("rank");  // not measured against anything
  if (!steps.empty()) {
    result["locations"] = Json::array({Location(site.change.stack[site.change.blame])});
    result["codeFlows"] = Json::array({{{"threadFlows", Json::array({{{"locations", steps}}})}}});
  }
  if (site.suppressed) result["suppressions"] = Json::array({{{"kind", "external"}}});
  return result;
}

}  // namespace

std::string GateSarif(const GateResult& result) {
  Json rules = Json::array(), results = Json::array();
  for (const Rule& rule : kRules)
    rules.push_back({{"id", rule.id}, {"shortDescription", {{"text", rule.text}}}});
  size_t left_out = 0;
  for (const GateSite& site : result.sites) {
    if (site.change.change == Change::kFixed ||
        (site.change.change == Change::kUnchanged && !site.over_limit))
      continue;
    if (results.size() < kMaxResults) {
      results.push_back(Result(site, result.unit));
    } else {
      ++left_out;
    }
  }
  Json notes = Json::array();
  const auto note = [&](const std::string& text) {
    notes.push_back({{"level", "warning"}, {"message", {{"text", SafeText(text)}}}});
  };
  if (left_out > 0) note(Counted(left_out, "more site was left out", "more sites were left out"));
  for (const std::string& test : result.failed_tests) note(TestSentence(test));
  if (!result.inconclusive_because.empty()) note("inconclusive: " + result.inconclusive_because);
  const Json run = {
      {"tool", {{"driver", {{"name", "leaktrack"}, {"rules", rules}}}}},
      {"invocations",
       Json::array({{{"executionSuccessful", result.verdict != GateVerdict::kInconclusive},
                     {"toolExecutionNotifications", notes}}})},
      {"results", results}};
  const Json report = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                       {"version", "2.1.0"},
                       {"runs", Json::array({run})}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace leaktrack
