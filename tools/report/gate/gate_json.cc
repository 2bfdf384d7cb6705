// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/json/witness_json.h"

namespace leaktrack {
namespace {

Json SiteJson(const SiteChange& site) {
  Json stack = Json::array();
  for (const ResolvedFrame& frame : site.stack) {
    stack.push_back({{"function", TextOrNull(frame.function)},
                     {"file", TextOrNull(frame.file)},
                     {"line", frame.line == 0 ? Json() : Json(frame.line)},
                     {"module", TextOrNull(frame.module)}});
  }
  Json json = ChangeFactsJson(site);
  json["fingerprint"] = Fingerprint(site);
  json["blame"] = site.blame;
  json["stack"] = std::move(stack);
  return json;
}

const char* ModeName(CountMode mode) {
  switch (mode) {
    case CountMode::kGrown:
      return "grown";
    case CountMode::kAtExit:
      return "never_freed";
    case CountMode::kLost:
      break;
  }
  return "lost";
}

Json ReachableJson(const GateResult& result) {
  Json sites = Json::array();
  for (const ReachableSite& site : result.reachable) {
    Json holders = Json::array();
    for (const witness::Holder& holder : site.holders) holders.push_back(HolderJson(holder));
    sites.push_back({{"site", KeyText(site.key)},
                     {"bytes", Whole(site.bytes)},
                     {"blocks", Whole(site.blocks)},
                     {"holders", std::move(holders)}});
  }
  return sites;
}

std::string Dump(const Json& json, size_t columns) {
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
  return absl::StrReplaceAll(text, {{"\n", absl::StrCat("\n", std::string(columns, ' '))}});
}

// The members of `head`, and behind them the sites, each written as it is made: their stacks are a
// thousand times what the captures hold.
void WriteWithSites(const Json& head, size_t sites, absl::FunctionRef<Json(size_t)> site,
                    TextSink& sink) {
  constexpr size_t kColumns = 4;
  std::string text = Dump(head, 0);
  text.resize(text.size() - std::string_view("\n}").size());
  sink.Write(absl::StrCat(text, ",\n  \"sites\": ["));
  for (size_t i = 0; i < sites; ++i)
    sink.Write(
        absl::StrCat(i == 0 ? "\n" : ",\n", std::string(kColumns, ' '), Dump(site(i), kColumns)));
  sink.Write(sites == 0 ? "]\n}\n" : "\n  ]\n}\n");
}

Json GateSiteJson(const GateSite& site) {
  Json json = SiteJson(site.change);
  json["suppressed"] = site.suppressed;
  json["over_limit"] = site.over_limit;
  json["within_limit"] = site.within_limit;
  json["accepted"] = site.accepted;
  json["fails"] = Fails(site);
  return json;
}

}  // namespace

Json ChangeFactsJson(const SiteChange& site) {
  return {{"change", Name(site.change)},
          {"site", KeyText(site.key)},
          {"bytes", Whole(site.now_bytes)},
          {"blocks", Whole(site.now_blocks)},
          {"base_bytes", Whole(site.base_bytes)},
          {"base_blocks", Whole(site.base_blocks)},
          {"p_value", site.p},
          {"q_value", site.q},
          {"matched_by_suffix", site.matched_by_suffix}};
}

void WriteGateJson(const GateResult& result, TextSink& sink) {
  const char* verdict = result.verdict == GateVerdict::kPass   ? "pass"
                        : result.verdict == GateVerdict::kFail ? "fail"
                                                               : "inconclusive";
  const Json head = {
      {"schema", 1},
      {"verdict", verdict},
      {"mode", ModeName(result.mode)},
      {"unit", result.unit},
      {"runs", result.runs},
      {"reachable", ReachableJson(result)},
      {"total_bytes", Whole(result.total_bytes)},
      {"over_total", result.over_total},
      {"inconclusive_because", TextOrNull(result.inconclusive_because)},
      {"stale_baseline_entries", result.stale},
      {"unused_suppressions", result.unused},
      {"unused_limits", result.unused_limits},
      {"notes", result.notes},
      {"failed_tests", result.failed_tests},
      {"written_baseline", TextOrNull(result.written_baseline)},
      {"detectable_bytes", result.detectable_bytes > 0 ? Whole(result.detectable_bytes) : Json()}};
  WriteWithSites(
      head, result.sites.size(), [&](size_t i) { return GateSiteJson(result.sites[i]); }, sink);
}

void WriteComparisonJson(const Comparison& comparison, size_t top, TextSink& sink) {
  const size_t total = comparison.sites.size(), shown = top == 0 ? total : std::min(top, total);
  const auto left_out = std::span(comparison.sites).subspan(shown);
  const auto changed = std::count_if(left_out.begin(), left_out.end(), [](const SiteChange& site) {
    return site.change != Change::kUnchanged;
  });
  const double bytes = comparison.detectable_bytes, blocks = comparison.detectable_blocks;
  const Json head = {{"schema", 1},
                     {"regressed", comparison.Regressed()},
                     {"unit", comparison.unit},
                     {"dispersion", comparison.phi},
                     {"dispersion_known", comparison.phi_known},
                     {"detectable_bytes", bytes > 0 ? Whole(bytes) : Json()},
                     {"detectable_blocks", blocks > 0 ? Whole(std::ceil(blocks)) : Json()},
                     {"inconclusive_because", TextOrNull(comparison.inconclusive_because)},
                     {"sites_total", total},
                     {"sites_shown", shown},
                     {"changed_left_out", changed}};
  WriteWithSites(
      head, shown, [&](size_t i) { return SiteJson(comparison.sites[i]); }, sink);
}

}  // namespace leaktrack
