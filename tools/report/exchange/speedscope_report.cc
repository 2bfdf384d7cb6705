// SPDX-License-Identifier: Apache-2.0
#include "tools/report/exchange/speedscope_report.h"

#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/report/json/json_parts.h"
#include "tools/report/input/stack_names.h"

namespace leaktrack {
namespace {

class Frames {
 public:
  size_t NumberOf(const ResolvedFrame& frame) {
    const auto [at, fresh] = numbers_.try_emplace({FrameName(frame), frame.file, frame.line}, list_.size());
    if (!fresh) return at->second;
    Json one = {{"name", FrameName(frame)}};
    if (!frame.file.empty()) one["file"] = SafeText(frame.file);
    if (frame.line != 0) one["line"] = frame.line;
    list_.push_back(std::move(one));
    return at->second;
  }
  const Json& list() const { return list_; }

 private:
  std::map<std::tuple<std::string, std::string, uint32_t>, size_t> numbers_;
  Json list_ = Json::array();
};

struct Profile {
  const char* name;
  int64_t SiteFigures::*figure;
};
constexpr Profile kProfiles[] = {{"bytes alive", &SiteFigures::live_bytes},
                                 {"growth, bytes per hour", &SiteFigures::growth_bytes_per_hour},
                                 {"all bytes allocated", &SiteFigures::born_bytes}};

Json ProfileJson(const Profile& profile, const std::vector<const SiteResult*>& sites, Frames& frames) {
  Json samples = Json::array(), weights = Json::array();
  int64_t sum = 0;
  for (const SiteResult* site : sites) {
    const int64_t weight = FiguresOf(*site).*profile.figure;
    if (weight <= 0) continue;
    Json stack = Json::array();
    for (size_t i = site->stack.size(); i-- > 0;) stack.push_back(frames.NumberOf(site->stack[i]));
    samples.push_back(std::move(stack));
    weights.push_back(weight);
    sum += weight;
  }
  return {{"type", "sampled"}, {"name", profile.name}, {"unit", "bytes"}, {"startValue", 0}, {"endValue", sum},
          {"samples", std::move(samples)}, {"weights", std::move(weights)}};
}

// What the program shows above the picture.
std::string Title(const ReportInput& input) {
  const std::string scope = ScopeText(input);
  return SafeText(scope.empty() ? input.capture.process.program : absl::StrCat(input.capture.process.program, ": ", scope));
}

}  // namespace

std::string SpeedscopeReport(const ReportInput& input, size_t top) {
  std::vector<const SiteResult*> sites;
  for (const SiteResult& site : input.analysis.sites) {
    if (top == 0 || sites.size() < top) sites.push_back(&site);
  }
  Frames frames;
  Json profiles = Json::array();
  for (const Profile& profile : kProfiles) profiles.push_back(ProfileJson(profile, sites, frames));
  const Json file = {{"$schema", "https://www.speedscope.app/file-format-schema.json"},
                     {"name", Title(input)},
                     {"exporter", "leaktrack"},
                     {"activeProfileIndex", 0},
                     {"shared", {{"frames", frames.list()}}},
                     {"profiles", profiles}};
  return file.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace leaktrack
