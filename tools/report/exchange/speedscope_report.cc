// SPDX-License-Identifier: Apache-2.0
#include "tools/report/exchange/speedscope_report.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/base/safe_text.h"
#include "tools/report/input/stack_names.h"
#include "tools/report/json/json_parts.h"
#include "tools/report/words/selection_words.h"

namespace leaktrack {
namespace {

constexpr auto kReplace = Json::error_handler_t::replace;

std::string Dump(const Json& json) { return json.dump(-1, ' ', true, kReplace); }

// Frames of one name and place have one number, whoever holds them.
class Frames {
 public:
  size_t NumberOf(const ResolvedFrame& frame) {
    const auto [known, is_new] = known_.try_emplace(&frame, 0);
    if (is_new) known->second = Enter(frame);
    return known->second;
  }
  const Json& list() const { return list_; }

 private:
  size_t Enter(const ResolvedFrame& frame) {
    const auto [at, fresh] =
        numbers_.try_emplace({FrameName(frame), frame.file, frame.line}, list_.size());
    if (!fresh) return at->second;
    Json one = {{"name", FrameName(frame)}};
    if (!frame.file.empty()) one["file"] = SafeText(frame.file);
    if (frame.line != 0) one["line"] = frame.line;
    list_.push_back(std::move(one));
    return at->second;
  }

  std::unordered_map<const ResolvedFrame*, size_t> known_;  // stacks share most of theirs
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

std::string StackText(const SiteResult& site, Frames& frames) {
  std::string text = "[";
  const size_t leaf = LeafOf(site);
  for (size_t i = site.stack.size(); i-- > leaf;)
    absl::StrAppend(&text, frames.NumberOf(site.stack[i]), i == leaf ? "" : ",");
  return text + "]";
}

// A stack at a time: as values of JSON those of 100,000 sites are hundreds of megabytes.
void WriteProfile(const Profile& profile, SiteView sites, Frames& frames, TextSink& sink) {
  std::vector<int64_t> weights;
  int64_t sum = 0;
  sink.Write("{\"samples\":[");
  for (const SiteResult& site : sites) {
    const int64_t weight = FiguresOf(site).*profile.figure;
    if (weight <= 0) continue;
    sink.Write(absl::StrCat(weights.empty() ? "" : ",", StackText(site, frames)));
    weights.push_back(weight);
    sum += weight;
  }
  sink.Write(
      absl::StrCat("],\"weights\":[", absl::StrJoin(weights, ","),
                   "],\"type\":\"sampled\",\"unit\":\"bytes\",\"startValue\":0,\"endValue\":", sum,
                   ",\"name\":", Dump(profile.name), "}"));
}

// What the program shows above the picture.
std::string Title(const ReportInput& input) {
  const std::string scope = ScopeText(input);
  return SafeText(scope.empty() ? input.capture.process.program
                                : absl::StrCat(input.capture.process.program, ": ", scope));
}

}  // namespace

void WriteSpeedscopeReport(const ReportInput& input, size_t top, TextSink& sink) {
  const SiteView sites = ShownSites(input).First(top);
  Frames frames;
  sink.Write(absl::StrCat(
      "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"name\":",
      Dump(Title(input)), ",\"exporter\":\"leaktrack\",\"activeProfileIndex\":0,\"profiles\":["));
  for (const Profile& profile : kProfiles) {
    if (&profile != kProfiles) sink.Write(",");
    WriteProfile(profile, sites, frames, sink);
  }
  sink.Write(absl::StrCat("],\"shared\":{\"frames\":", Dump(frames.list()), "}}\n"));
}

}  // namespace leaktrack
