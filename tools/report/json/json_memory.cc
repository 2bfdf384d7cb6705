// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "tools/report/input/selection.h"
#include "tools/report/input/site_groups.h"
#include "tools/report/json/json_parts.h"
#include "tools/report/words/advice_words.h"
#include "tools/report/words/memory_words.h"
#include "tools/report/words/names.h"

namespace leaktrack {
namespace {

Json RateJson(const std::optional<Rate>& rate) {
  if (!rate) return Json();
  return {{"mid", Whole(rate->mid)}, {"low", Whole(rate->low)}, {"high", Whole(rate->high)}};
}

Json PartsJson(const MemoryResult& memory) {
  if (memory.parts.empty()) return Json();
  Json list = Json::array();
  for (const MemoryPart& part : memory.parts) {
    list.push_back({{"name", Name(part.kind)},
                    {"bytes", Whole(part.bytes)},
                    {"growth_bytes_per_hour", RateJson(part.growth)}});
  }
  return list;
}

Json OddsJson(const std::vector<LimitOdds>& odds) {
  if (odds.empty()) return Json();
  Json list = Json::array();
  for (const LimitOdds& one : odds)
    list.push_back({{"within_seconds", one.seconds}, {"probability", one.probability}});
  return list;
}

Json EndEvidenceJson(const capture::Capture& capture) {
  if (!capture.oom_kill || Lives(capture)) return Json();
  const capture::OomKill& kill = *capture.oom_kill;
  return {{"by", Name(kill.by)},
          {"scope", Name(kill.scope)},
          {"cgroup", TextOrNull(kill.cgroup)},
          {"limit_bytes", kill.limit_bytes > 0 ? Json(kill.limit_bytes) : Json()},
          {"time", static_cast<double>(kill.realtime_ns) / 1e9}};
}

// What is in it beside its processes is not in a capture.
Json CgroupJson(const ReportInput& input) {
  const capture::ProcessInfo& process = input.capture.process;
  const ProcessResult& result = input.analysis.process;
  if (process.cgroup.empty()) return Json();
  const bool limits = result.limit_kind == LimitKind::kCgroup;
  return {
      {"path", process.cgroup},
      {"level", process.limiting_cgroup},
      {"limit_bytes", limits ? OrNull(result.limit_bytes) : Json()},
      {"used_bytes", OrNull(result.cgroup_used_bytes)},
      {"processes", Json()},
      {"growth_bytes_per_hour", result.cgroup_growth ? Whole(result.cgroup_growth->mid) : Json()},
      {"outside_processes", Json()}};
}

Json HolderJson(const Analysis& analysis) {
  const std::optional<SiteGroup> holder = HolderOf(analysis);
  if (!holder) return Json();
  return {{"site", SiteNumber(holder->first())}, {"bytes", Whole(holder->grown_bytes)}};
}

Json MeasuredJson(const Analysis& analysis) {
  const std::optional<MeasuredGrowth>& growth = analysis.measured_growth;
  if (!growth) return Json();
  return {{"of", Name(growth->sum)},       {"bytes_per_hour", RateJson(growth->rate)},
          {"bytes", Whole(growth->bytes)}, {"since_seconds", growth->from_seconds},
          {"goes_on", growth->goes_on},    {"holder", HolderJson(analysis)}};
}

}  // namespace

Json ProcessJson(const ReportInput& input) {
  const capture::ProcessInfo& process = input.capture.process;
  const ProcessResult& result = input.analysis.process;
  const auto future = [&](const std::optional<double>& seconds) {
    return Lives(input.capture) ? OrNull(seconds) : Json();
  };
  return {{"command", process.command},
          {"pid", process.pid},
          {"run_id", absl::StrFormat("%016x", process.run_id)},
          {"start_time", static_cast<double>(process.start_realtime_ns) / 1e9},
          {"duration_seconds", input.analysis.duration_seconds},
          {"end", EndName(input.capture)},
          {"end_evidence", EndEvidenceJson(input.capture)},
          {"cgroup", CgroupJson(input)},
          {"limit_bytes", OrNull(result.limit_bytes)},
          {"limit_kind", TextOrNull(Name(result.limit_kind))},
          {"limit_shared_with", input.sharers.pids},
          {"status", Name(StatusNow(input))},
          {"seconds_to_limit",
           {{"low", future(result.seconds_low)},
            {"mid", future(result.seconds_mid)},
            {"high", future(result.seconds_high)}}},
          {"used_fraction", OrNull(result.used_fraction)},
          {"headroom_bytes", WholeOrNull(result.headroom_bytes)},
          {"limit_odds", Lives(input.capture) ? OddsJson(result.odds) : Json()},
          {"growth_bytes_per_hour", RateJson(input.analysis.total_growth)},
          {"measured_growth", MeasuredJson(input.analysis)},
          {"warming_up", input.analysis.warming_up}};
}

Json MemoryJson(const MemoryResult& memory) {
  return {{"rss_bytes", OrNull(memory.rss_bytes)},
          {"live_heap_bytes", Whole(memory.live_heap_bytes)},
          {"retained_bytes", WholeOrNull(memory.retained_bytes)},
          {"mapped_bytes", Whole(memory.mapped_bytes)},
          {"stack_bytes", OrNull(memory.stack_bytes)},
          {"explained_fraction", OrNull(memory.explained_fraction)},
          {"class", Name(memory.memory_class)},
          {"because", TextOrNull(MemoryText(memory))},
          {"advice", AdviceTexts(memory)},
          {"anonymous_bytes", OrNull(memory.anonymous_bytes)},
          {"file_bytes", OrNull(memory.file_bytes)},
          {"shared_bytes", OrNull(memory.shared_bytes)},
          {"swap_bytes", OrNull(memory.swap_bytes)},
          {"unexplained_bytes", WholeOrNull(memory.unexplained_bytes)},
          {"threads", OrNull(memory.threads)},
          {"threads_growth_per_hour", RateJson(memory.threads_growth)},
          {"thread_starter", memory.thread_starter
                                 ? Json{{"site", memory.thread_starter->site},
                                        {"threads", Whole(memory.thread_starter->threads)}}
                                 : Json()},
          {"parts", PartsJson(memory)},
          {"untouched_bytes", WholeOrNull(memory.untouched_bytes)},
          {"allocator",
           {{"name", TextOrNull(capture::AllocatorName(memory.allocator))},
            {"in_use_bytes", OrNull(memory.allocator_in_use_bytes)},
            {"free_bytes", OrNull(memory.allocator_free_bytes)},
            {"arenas", OrNull(memory.allocator_arenas)}}},
          {"nearest_site", OrNull(memory.nearest_site)},
          {"resident_per_live_byte", OrNull(memory.resident_per_live)},
          {"growth_bytes_per_hour",
           {{"rss", RateJson(memory.rss_growth)},
            {"live_heap", RateJson(memory.heap_growth)},
            {"retained", RateJson(memory.retained_growth)},
            {"mapped", RateJson(memory.mapped_growth)},
            {"unexplained", RateJson(memory.unexplained_growth)},
            {"untouched", RateJson(memory.untouched_growth)},
            {"unplaced", RateJson(memory.unplaced_growth)}}}};
}

}  // namespace leaktrack
