// SPDX-License-Identifier: Apache-2.0
//
// The words that all formats of the gate share.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/base/units.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

std::string Amount(double blocks, double bytes, const std::string& unit) {
  return absl::StrCat(FormatSize(bytes), " in ", CountText(blocks, "block"), " per ", unit);
}

uint64_t Fnv1a(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

bool Fails(const GateSite& site) {
  return !site.suppressed && (site.over_limit || (site.change.change >= Change::kWorse &&
                                                  !site.within_limit && !site.accepted));
}

std::string Headline(const GateResult& result) {
  size_t counts[static_cast<size_t>(Change::kNewLeak) + 1] = {}, suppressed = 0, over = 0,
                                                        within = 0;
  for (const GateSite& site : result.sites) {
    if (site.suppressed) ++suppressed;
    if (!site.suppressed && !site.within_limit) ++counts[static_cast<size_t>(site.change.change)];
    over += !site.suppressed && site.over_limit;
    within += !site.suppressed && site.within_limit;
  }
  std::vector<std::string> parts;
  const auto add = [&](size_t count, const char* what) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", what));
  };
  if (!result.written_baseline.empty()) parts.emplace_back("baseline written");
  if (!result.failed_tests.empty()) {
    parts.push_back(Counted(result.failed_tests.size(), "test keeps memory", "tests keep memory"));
  }
  add(counts[static_cast<size_t>(Change::kNewLeak)], "new");
  add(counts[static_cast<size_t>(Change::kWorse)], "worse");
  add(counts[static_cast<size_t>(Change::kUnclear)], "unclear");
  add(over, "over the limit");
  add(counts[static_cast<size_t>(Change::kKnown)], "known");
  add(counts[static_cast<size_t>(Change::kFixed)], "fixed");
  add(within, within == 1 ? "within its own limit" : "within their own limits");
  add(suppressed, "suppressed");
  add(result.reachable.size(), "still reachable");
  if (result.over_total)
    parts.push_back(
        absl::StrCat("the total of ", FormatSize(result.total_bytes), " is over its limit"));
  const char* verdict = result.verdict == GateVerdict::kPass   ? "PASS"
                        : result.verdict == GateVerdict::kFail ? "FAIL"
                                                               : "INCONCLUSIVE";
  // What could not be judged is not free of leaks.
  const bool no_leak = parts.empty() || parts.size() == (result.reachable.empty() ? 0u : 1u);
  if (no_leak && result.verdict == GateVerdict::kPass) parts.insert(parts.begin(), "no leaks");
  return absl::StrCat("gate: ", verdict, parts.empty() ? "" : ": ", absl::StrJoin(parts, ", "));
}

std::string TestSentence(const std::string& test) {
  return absl::StrCat("FAILED: ", test, " keeps memory, says its own check (KeepsNothing)");
}

std::string Sentence(const GateSite& site, const std::string& unit) {
  const SiteChange& change = site.change;
  const std::string name = change.key.front();
  const std::string mark = site.suppressed                                     ? "suppressed"
                           : site.over_limit && change.change < Change::kWorse ? "OVER LIMIT"
                           : site.within_limit && change.change >= Change::kWorse
                               ? "within its limit"
                               : Name(change.change);
  const char* const accepted = site.accepted ? "; now in the baseline" : "";
  switch (change.change) {
    case Change::kFixed:
      return absl::StrCat(mark, ": ", name, " no longer leaks (it lost ",
                          Amount(change.base_blocks, change.base_bytes, unit), ")");
    case Change::kUnclear:
    case Change::kWorse:
    case Change::kKnown:
      return absl::StrCat(mark, ": ", name, " loses ",
                          Amount(change.now_blocks, change.now_bytes, unit), " (was ",
                          FormatSize(change.base_bytes), ")", accepted);
    case Change::kNewLeak:
    case Change::kUnchanged:
      break;
  }
  return absl::StrCat(mark, ": ", name, " loses ",
                      Amount(change.now_blocks, change.now_bytes, unit), accepted);
}

std::string ReachableSentence(const ReachableSite& site, const std::string& unit) {
  const std::string held =
      site.holders.empty() ? "" : absl::StrCat(", held by ", HolderText(site.holders.front()));
  return absl::StrCat(site.key.front(), " still has ", Amount(site.blocks, site.bytes, unit), held);
}

std::string GateSentence(const GateSite& site, const std::string& unit) {
  const bool fixed = site.change.change == Change::kFixed;
  return absl::StrCat(Sentence(site, unit), fixed ? "; take it out of the baseline" : "");
}

std::string PowerText(const Comparison& comparison) {
  const std::string scatter =
      absl::StrFormat("%s; counts scatter %.1f times as much as by chance", kPower, comparison.phi);
  if (comparison.detectable_bytes > 0) {
    return absl::StrCat("a new leak of ", FormatSize(comparison.detectable_bytes), " per ",
                        comparison.unit, " would have been found ", scatter);
  }
  if (comparison.detectable_blocks <= 0) return "";
  const auto blocks = static_cast<uint64_t>(std::ceil(comparison.detectable_blocks));
  if (blocks <= 1)
    return "every block was recorded: a block that each run loses would have been found";
  return absl::StrCat("every block was recorded; a new leak of ", FormatCount(blocks),
                      " blocks per ", comparison.unit, " would have been found ", scatter);
}

std::string Fingerprint(const SiteChange& site) {
  return absl::StrFormat("%016x", Fnv1a(KeyText(Suffix(site.key, 3))));
}

}  // namespace leaktrack
