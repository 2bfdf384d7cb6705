// SPDX-License-Identifier: Apache-2.0
#include "tools/report/json/json_report.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/base/parallel.h"
#include "tools/report/input/site_groups.h"
#include "tools/report/json/json_parts.h"
#include "tools/report/json/witness_json.h"
#include "tools/report/words/doubt_words.h"
#include "tools/report/words/exec_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/selection_words.h"
#include "tools/report/words/site_words.h"

namespace leaktrack {

Json FrameJson(const ResolvedFrame& frame) {
  return {{"function", TextOrNull(frame.function)},
          {"file", TextOrNull(frame.file)},
          {"line", frame.line == 0 ? Json() : Json(frame.line)},
          {"module", TextOrNull(frame.module)},
          {"build_id", TextOrNull(frame.build_id)},
          {"offset", frame.offset},
          {"inlined", frame.inlined}};
}

Json CoverageJson(const ReportInput& input) {
  const capture::Capture& capture = input.capture;
  const auto interval = [](uint64_t bytes) { return bytes == 0 ? Json() : Json(bytes); };
  Json hooks = Json::array();
  for (const auto& [name, state] : capture.hooks)
    hooks.push_back({{"name", name}, {"state", HookStateName(state)}});
  Json untracked = Json::array();
  for (const capture::UntrackedExec& exec : capture.execs) {
    untracked.push_back({{"path", exec.path},
                         {"after_seconds", static_cast<double>(exec.time_ms) / 1e3},
                         {"child", exec.of_child},
                         {"why", FateName(exec.why)}});
  }
  const auto& detectable = input.analysis.detectable_bytes_per_hour;
  return {{"interval_bytes",
           {{"now", interval(capture.interval_now)},
            {"min", interval(capture.interval_min)},
            {"max", interval(capture.interval_max)}}},
          {"samples_total", capture.samples_total},
          {"samples_live", capture.live_count},
          {"samples_drawn",
           capture::IsDrawn(capture.survivors) ? Json(capture.survivors.size()) : Json()},
          {"thinned", capture.thinned_total},
          {"lost_allocations", capture.losses[capture::kLostAllocations]},
          {"lost_frees", capture.losses[capture::kLostFrees]},
          {"truncated_stacks", capture.losses[capture::kTruncatedStacks]},
          {"detectable_bytes_per_hour", detectable ? Whole(*detectable) : Json()},
          {"epochs_lost", capture.epochs_lost},
          {"helper_thread", !capture.no_thread},
          {"recorder", capture.process.recorder_was_anonymous ? "anonymous" : "tmpfs"},
          {"hooks", hooks},
          {"untracked", untracked},
          {"conclusive", input.analysis.doubts.doubt == Doubt::kNone},
          {"inconclusive_because", TextOrNull(DoubtText(input.analysis.doubts))},
          {"names_sealed_at", OrNull(input.sealed_at)},
          {"damage", capture.damage}};
}

Json SiteFactsJson(const SiteResult& site, const RunTimes& run, size_t rank) {
  return {
      {"rank", rank},
      {"id", SiteNumber(site) == 0 ? Json() : Json(SiteNumber(site))},
      {"verdict", Name(site.verdict)},
      {"state", Name(site.state)},
      {"trend", Name(site.trend)},
      {"late_onset_seconds", OrNull(site.late_onset_seconds)},
      {"live_bytes", Whole(site.live_bytes)},
      {"live_bytes_error", Whole(site.live_bytes_error)},
      {"live_objects", Whole(site.live_objects)},
      {"growth_bytes_per_hour", site.growth ? Whole(site.growth->mid) : Json()},
      {"growth_low", site.growth ? Whole(site.growth->low) : Json()},
      {"growth_high", site.growth ? Whole(site.growth->high) : Json()},
      {"leak_probability", OrNull(site.leak_probability)},
      {"grows", site.significant},
      {"decided_by_seconds", OrNull(site.decided_by_seconds)},
      {"q_value", OrNull(site.q_value)},
      {"doubling_seconds", OrNull(site.doubling_seconds)},
      {"oldest_seconds", site.live_objects > 0 ? Json(site.oldest_seconds) : Json()},
      {"evidence", TextOrNull(EvidenceText(site, run))},
      {"settle", TextOrNull(SettleText(site))},
      {"kind", site.kind == capture::SiteKind::kHeap ? "heap" : "mapping"},
      {"stacks_joined", site.sites.size()},
      {"stack_is_shared_part", site.merged},
      {"stack_truncated", site.truncated},
      {"born_bytes", Whole(site.born_bytes)},
      {"leaked_share", OrNull(site.leaked_share)},
      {"freed_at_exit", site.freed_at_exit},
      {"sawtooth", site.sawtooth
                       ? Json{{"base_bytes_per_hour", Whole(site.sawtooth->base_bytes_per_hour)},
                              {"tooth_bytes", Whole(site.sawtooth->tooth_bytes)}}
                       : Json()},
      {"steps", site.evidence.steps ? Json{{"count", site.evidence.steps->count},
                                           {"bytes", Whole(site.evidence.steps->bytes)},
                                           {"seconds_apart", site.evidence.steps->seconds_apart}}
                                    : Json()},
      {"plateau", site.plateau ? Json{{"bytes", Whole(site.plateau->bytes)},
                                      {"after_seconds", site.plateau->after_seconds}}
                               : Json()},
      {"memory", site.memory ? MemoryJson(*site.memory) : Json()},
      {"lift", OrNull(site.lift)},
      {"family", site.family == 0 ? Json() : Json(site.family)}};
}

namespace {

// As text that stands `columns` from the left. Names come from the program and need not be UTF-8;
// what is not is replaced, never thrown about. All but ASCII is escaped: who looks at this on a
// terminal meets no control character and no text that runs backwards.
std::string Dump(const Json& json, size_t columns) {
  const std::string text = json.dump(2, ' ', true, Json::error_handler_t::replace);
  return columns == 0
             ? text
             : absl::StrReplaceAll(text, {{"\n", absl::StrCat("\n", std::string(columns, ' '))}});
}

// `object`, which stands `columns` from the left and ends with an empty array, with items in that:
// texts that stand 4 further in. All frames of all sites as values would take gigabytes.
std::string Filled(std::string object, const std::vector<const std::string*>& items,
                   size_t columns) {
  if (items.empty()) return object;
  const std::string margin(columns, ' '), end = absl::StrCat("]\n", margin, "}");
  object.resize(object.size() - end.size());
  size_t bytes = object.size() + 2 * end.size();
  for (const std::string* item : items) bytes += item->size() + columns + 8;
  object.reserve(bytes);
  for (const char* before = "\n"; const std::string* item : items)
    absl::StrAppend(&object, std::exchange(before, ",\n"), margin, "    ", *item);
  absl::StrAppend(&object, "\n", margin, "  ", end);
  return object;
}

constexpr size_t kSiteColumns = 4, kFrameColumns = 8;
constexpr size_t kBatch = 512;  // sites
constexpr size_t kMostFrameTexts = 50'000;

using FrameTexts =
    absl::node_hash_map<const ResolvedFrame*, std::string>;  // sites share most of theirs

void AddTexts(SiteView sites, FrameTexts& texts) {
  for (const SiteResult& site : sites) {
    for (const ResolvedFrame& frame : site.stack) {
      if (const auto [text, is_new] = texts.try_emplace(&frame); is_new)
        text->second = Dump(FrameJson(frame), kFrameColumns);
    }
  }
}

std::string SiteText(const SiteResult& site, const RunTimes& run, size_t rank,
                     const FrameTexts& frames) {
  Json json = SiteFactsJson(site, run, rank);
  json["blame"] = site.stack.empty() ? Json() : FrameJson(site.stack[site.blame]);
  json["stack"] = Json::array();
  std::vector<const std::string*> stack;
  for (const ResolvedFrame& frame : site.stack) stack.push_back(&frames.at(&frame));
  return Filled(Dump(json, kSiteColumns), stack, kSiteColumns);
}

// On all cores, but never more than a batch ahead of the sink.
void WriteSites(SiteView sites, const RunTimes& run, TextSink& sink) {
  FrameTexts frames;
  for (size_t first = 0; first < sites.size(); first += kBatch) {
    const SiteView batch = sites.Part(first, kBatch);
    if (frames.size() > kMostFrameTexts) frames.clear();
    AddTexts(batch, frames);
    std::vector<std::string> texts(batch.size());
    ParallelFor(batch.size(),
                [&](size_t i) { texts[i] = SiteText(batch[i], run, first + i + 1, frames); });
    for (size_t i = 0; i < texts.size(); ++i)
      sink.Write(
          absl::StrCat(first + i == 0 ? "\n" : ",\n", std::string(kSiteColumns, ' '), texts[i]));
  }
}

Json WindowJson(const Analysis& analysis) {
  if (!analysis.window_seconds) return Json();
  return {{"seconds", *analysis.window_seconds},
          {"from_seconds", analysis.duration_seconds - *analysis.window_seconds}};
}

Json SelectionJson(const ReportInput& input, size_t shown) {
  const Selection& selection = input.selection;
  return {{"sites_total", input.analysis.sites.size()},
          {"sites_shown", shown},
          {"growing_left_out", selection.growing_left_out},
          {"live_bytes_left_out", selection.live_bytes_left_out},
          {"site", OrNull(selection.options.site)},
          {"filter", TextOrNull(selection.options.filter)},
          {"top", selection.options.top == 0 ? Json() : Json(selection.options.top)},
          {"text", TextOrNull(SelectionText(input))}};
}

}  // namespace

// The members of `extra` stand behind the sites.
void WriteReportJson(const ReportInput& input, size_t top, const Json& extra, TextSink& sink) {
  const SiteView sites = ShownSites(input).First(top);
  const Json head = {{"schema", 1},
                     {"conclusion", ConclusionName(input.analysis)},
                     {"process", ProcessJson(input)},
                     {"memory", MemoryJson(input.analysis.memory)},
                     {"coverage", CoverageJson(input)},
                     {"window", WindowJson(input.analysis)},
                     {"selection", SelectionJson(input, sites.size())}};
  std::string text = Dump(head, 0);
  text.resize(text.size() - std::string_view("\n}").size());
  sink.Write(absl::StrCat(text, ",\n  \"sites\": ["));
  WriteSites(sites, TimesOf(input), sink);
  sink.Write(sites.empty() ? "]" : "\n  ]");
  for (const auto& [name, value] : extra.items())
    sink.Write(absl::StrCat(",\n  \"", name, "\": ", Dump(value, 2)));
  sink.Write("\n}\n");
}

void WriteJsonReport(const ReportInput& input, size_t top, TextSink& sink) {
  WriteReportJson(input, top, Json::object(), sink);
}

std::string JsonReport(const ReportInput& input, size_t top) {
  return TextOf([&](TextSink& sink) { WriteJsonReport(input, top, sink); });
}

}  // namespace leaktrack
