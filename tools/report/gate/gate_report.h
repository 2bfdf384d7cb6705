// SPDX-License-Identifier: Apache-2.0
//
// What the gate found, in the forms that people and CI systems read.
//
// Promises: pure; every text that comes from the program is escaped for its format; limits of the
// readers are kept (GitHub: 10 annotations a step, SARIF with at most 5,000 results and 100
// locations each), and what was left out is said. Sources: SARIF 2.1.0 (OASIS), the JUnit schema of
// Jenkins' xunit plugin, GitLab's code quality format, GitHub's workflow commands.
#ifndef LEAKTRACK_TOOLS_REPORT_GATE_GATE_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_GATE_GATE_REPORT_H_

#include <string>

#include "tools/base/text_sink.h"
#include "tools/compare/gate.h"
#include "tools/report/encode/json_values.h"

namespace leaktrack {

std::string GateText(const GateResult& result, size_t columns, bool colour);
// All of a change but its frames, as every JSON form has it.
Json ChangeFactsJson(const SiteChange& site);
void WriteGateJson(const GateResult& result, TextSink& sink);
std::string GateJunit(const GateResult& result);
std::string GateSarif(const GateResult& result);
std::string GateGitlab(const GateResult& result);
std::string GateGithub(const GateResult& result);    // workflow commands: ::error file=...
std::string GateMarkdown(const GateResult& result);  // for a step summary

std::string ComparisonText(const Comparison& comparison, size_t columns, bool colour);
// `top`: as many sites, the worst first; 0: all.
void WriteComparisonJson(const Comparison& comparison, size_t top, TextSink& sink);

// Pieces that the formats share.
std::string Headline(const GateResult& result);  // "gate: FAIL: 1 new leak, 2 known"
std::string Sentence(
    const GateSite& site,
    const std::string& unit);  // "NEW LEAK: Record keeps 4.1 KiB in 12 blocks per run"
// The same, with what to do about the baseline.
std::string GateSentence(const GateSite& site, const std::string& unit);
// "Keep still has 4.1 KiB in 12 blocks per run, held by g_table (app)"
std::string ReachableSentence(const ReachableSite& site, const std::string& unit);
std::string TestSentence(const std::string& test);  // of GateResult::failed_tests
inline constexpr char kPower[] = "(90 % power)";    // of what would be seen
// How small a new leak would have been found; empty where that is not known.
std::string PowerText(const Comparison& comparison);
std::string Fingerprint(
    const SiteChange& site);  // stable across builds and lines: of the innermost functions
bool Fails(const GateSite& site);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_GATE_GATE_REPORT_H_
