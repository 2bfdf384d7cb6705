// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/page/html_frames.h"
#include "tools/report/page/html_page.h"
#include "tools/report/page/html_report.h"

namespace leaktrack {
namespace {

constexpr size_t kMostChanges = 2000;

Json ChangeJson(const SiteChange& site, const std::string& unit, HtmlFrames& frames) {
  Json json = ChangeFactsJson(site);
  json["site"] = SafeText(KeyText(site.key));
  json["sentence"] = SafeText(Sentence({site, false, false}, unit));
  json["blame"] = site.stack.empty() ? Json() : Json(site.blame);
  json["stack"] = frames.Stack(site.stack);
  return json;
}

Json RemarksJson(const Comparison& comparison) {
  Json remarks = Json::array();
  const auto add = [&](const char* label, const std::string& text) {
    if (!text.empty()) remarks.push_back({{"label", label}, {"text", text}});
  };
  add("Because", SafeText(comparison.inconclusive_because));
  add("Power", PowerText(comparison));
  return remarks;
}

}  // namespace

std::string HtmlComparison(const Comparison& comparison, const std::string& title) {
  const bool worse = comparison.Regressed(), unclear = !comparison.inconclusive_because.empty();
  HtmlFrames frames;
  Json sites = Json::array();
  double further_bytes = 0, further_base_bytes = 0;
  for (const SiteChange& site : comparison.sites) {
    if (sites.size() < kMostChanges) {
      sites.push_back(ChangeJson(site, comparison.unit, frames));
    } else {
      further_bytes += site.now_bytes;
      further_base_bytes += site.base_bytes;
    }
  }
  const size_t further = comparison.sites.size() - sites.size();
  const Json data = {{"kind", "comparison"},
                     {"headline", worse     ? "WORSE: a site leaks more than before"
                                  : unclear ? "INCONCLUSIVE"
                                            : "No regression"},
                     {"tone", worse     ? "bad"
                              : unclear ? "unsure"
                                        : "good"},
                     {"introduction", SafeText(title)},
                     {"unit", comparison.unit},
                     {"remarks", RemarksJson(comparison)},
                     {"sites", std::move(sites)},
                     {"further",
                      {{"sites", further},
                       {"bytes", Whole(further_bytes)},
                       {"base_bytes", Whole(further_base_bytes)}}},
                     {"frames", frames.list()}};
  return HtmlPage(absl::StrCat("leaktrack: ", SafeText(title)), data,
                  ComparisonText(comparison, 120, false));
}

}  // namespace leaktrack
