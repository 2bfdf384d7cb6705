// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "tools/base/safe_text.h"
#include "tools/report/encode/json_values.h"
#include "tools/report/json/witness_json.h"
#include "tools/report/look/look_report.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

using witness::Conclusion;
using witness::Group;
using witness::Look;

constexpr size_t kMostGroups = 1000;

const char* ConclusionName(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kLeak:
      return "leak";
    case Conclusion::kGrows:
      return "grows";
    case Conclusion::kNothing:
      return "nothing";
    case Conclusion::kInconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

Json HeapJson(const Look& look) {
  Json arenas = Json::array();
  for (const witness::ArenaSums& arena : look.arenas) {
    arenas.push_back({{"in_use_bytes", arena.in_use},
                      {"free_bytes", arena.free + arena.cached},
                      {"trimmable_bytes", arena.trimmable},
                      {"cached_bytes", arena.cached}});
  }
  if (look.allocator.empty()) return Json();
  return {{"in_use_bytes", look.in_use},
          {"free_bytes", look.free},
          {"lost_bytes", look.lost},
          {"arenas", std::move(arenas)}};
}

Json GroupJson(const Group& group, size_t rank) {
  Json json = {{"rank", rank},
               {"kind", group.type.empty() ? "size" : "type"},
               {"type", TextOrNull(SafeText(group.type))},
               {"block_bytes", group.block_bytes},
               {"objects", group.objects},
               {"bytes", group.bytes}};
  json["growth_bytes_per_hour"] = group.growth ? Whole(group.growth->rate) : Json();
  json["growth_low"] = group.growth ? Whole(group.growth->low) : Json();
  json["growth_high"] = group.growth ? Whole(group.growth->high) : Json();
  json["memory"] = MemoryJson(group.memory);
  return json;
}

Json GoroutinesJson(const Look& look) {
  if (!look.is_go) return Json();
  Json all = Json::array();
  for (const witness::Goroutines& one : look.goroutines) {
    all.push_back({{"created", TextOrNull(SafeText(one.created))},
                   {"waiting", TextOrNull(SafeText(one.waiting))},
                   {"count", one.count},
                   {"growth_per_hour", WholeOrNull(one.growth_per_hour)}});
  }
  return all;
}

}  // namespace

std::string LookJson(const Look& look) {
  Json groups = Json::array();
  for (size_t i = 0; i < look.groups.size() && i < kMostGroups; ++i)
    groups.push_back(GroupJson(look.groups[i], i + 1));
  Json doubts = Json::array();
  for (const std::string& doubt : look.doubts) doubts.push_back(SafeText(doubt));
  const size_t left_out = look.groups.size() - groups.size();
  const Json json = {
      {"schema", 1},
      {"conclusion", ConclusionName(look.conclusion)},
      {"process",
       {{"command", TextOrNull(SafeText(look.command))},
        {"pid", look.pid != 0 ? Json(look.pid) : Json()},
        {"core", TextOrNull(SafeText(look.core))},
        {"rss_bytes", look.resident != 0 ? Json(look.resident) : Json()},
        {"rss_growth_bytes", look.resident_growth ? Json(*look.resident_growth) : Json()}}},
      {"allocator", TextOrNull(look.allocator)},
      {"heap", HeapJson(look)},
      {"goroutines", GoroutinesJson(look)},
      {"looks", look.looks},
      {"seconds", look.seconds_between},
      {"cost",
       {{"seconds", look.cost_seconds},
        {"bytes_read", look.bytes_read},
        {"stopped_seconds", look.stopped_seconds}}},
      {"groups", std::move(groups)},
      {"groups_left_out", left_out},
      {"doubts", std::move(doubts)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace leaktrack
