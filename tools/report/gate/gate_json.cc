// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

using Json = nlohmann::ordered_json;

Json Whole(double value) { return static_cast<int64_t>(std::llround(value)); }
Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json SiteJson(const SiteChange& site) {
  Json stack = Json::array();
  for (const ResolvedFrame& frame : site.stack) {
    stack.push_back({{"function", TextOrNull(frame.function)},
                     {"file", TextOrNull(frame.file)},
                     {"line", frame.line == 0 ? Json() : Json(frame.line)},
                     {"module", TextOrNull(frame.module)}});
  }
  return {{"change", Name(site.change)},
          {"site", KeyText(site.key)},
          {"fingerprint", Fingerprint(site)},
          {"bytes", Whole(site.now_bytes)},
          {"blocks", Whole(site.now_blocks)},
          {"base_bytes", Whole(site.base_bytes)},
          {"base_blocks", Whole(site.base_blocks)},
          {"p_value", site.p},
          {"q_value", site.q},
          {"matched_by_suffix", site.matched_by_suffix},
          {"blame", site.blame},
          {"stack", stack}};
}

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string GateJson(const GateResult& result) {
  Json sites = Json::array();
  for (const GateSite& site : result.sites) {
    sites.push_back(SiteJson(site.change));
    sites.back()["suppressed"] = site.suppressed;
    sites.back()["over_limit"] = site.over_limit;
    sites.back()["within_limit"] = site.within_limit;
    sites.back()["accepted"] = site.accepted;
    sites.back()["fails"] = Fails(site);
  }
  const char* verdict = result.verdict == GateVerdict::kPass   ? "pass"
                        : result.verdict == GateVerdict::kFail ? "fail"
                                                               : "inconclusive";
  return Dump(
      {{"schema", 1},
       {"verdict", verdict},
       {"unit", result.unit},
       {"runs", result.runs},
       {"total_bytes", Whole(result.total_bytes)},
       {"over_total", result.over_total},
       {"inconclusive_because", TextOrNull(result.inconclusive_because)},
       {"stale_baseline_entries", result.stale},
       {"unused_suppressions", result.unused},
       {"unused_limits", result.unused_limits},
       {"notes", result.notes},
       {"failed_tests", result.failed_tests},
       {"written_baseline", TextOrNull(result.written_baseline)},
       {"detectable_bytes", result.detectable_bytes > 0 ? Whole(result.detectable_bytes) : Json()},
       {"sites", sites}});
}

std::string ComparisonJson(const Comparison& comparison) {
  Json sites = Json::array();
  for (const SiteChange& site : comparison.sites) sites.push_back(SiteJson(site));
  return Dump(
      {{"schema", 1},
       {"regressed", comparison.Regressed()},
       {"unit", comparison.unit},
       {"dispersion", comparison.phi},
       {"dispersion_known", comparison.phi_known},
       {"detectable_bytes",
        comparison.detectable_bytes > 0 ? Whole(comparison.detectable_bytes) : Json()},
       {"detectable_blocks",
        comparison.detectable_blocks > 0 ? Whole(std::ceil(comparison.detectable_blocks)) : Json()},
       {"inconclusive_because", TextOrNull(comparison.inconclusive_because)},
       {"sites", sites}});
}

}  // namespace leaktrack
