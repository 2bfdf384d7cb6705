// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <initializer_list>
#include <string>

#include "tools/report/json/json_parts.h"
#include "tools/report/merge/merge_report.h"
#include "tools/report/words/names.h"

namespace leaktrack {
namespace {

Json RateJson(const RateSum& sum) {
  const Rate rate = sum.Get();
  return {{"mid", Whole(rate.mid)}, {"low", Whole(rate.low)}, {"high", Whole(rate.high)}};
}

Json SiteJson(const RankedSite& site, size_t rank) {
  const SiteSum& sum = *site.sum;
  Json verdicts = Json::object();
  for (const Verdict verdict :
       {Verdict::kLeak, Verdict::kSuspect, Verdict::kWatch, Verdict::kNone}) {
    verdicts[Name(verdict)] = sum.verdicts[static_cast<size_t>(verdict)];
  }
  return {{"rank", rank},
          {"key", *site.key},
          {"kind", sum.kind == capture::SiteKind::kHeap ? "heap" : "mapping"},
          {"blame", FrameJson(sum.blame)},
          {"runs", sum.runs},
          {"verdicts", verdicts},
          {"live_bytes", Whole(sum.live_bytes)},
          {"live_objects", Whole(sum.live_objects)},
          {"born_bytes", Whole(sum.born_bytes)},
          {"growth_bytes_per_hour", sum.accused() > 0 ? RateJson(sum.growth) : Json()},
          {"fastest", sum.fastest_path.empty()
                          ? Json()
                          : Json{{"path", sum.fastest_path},
                                 {"growth_bytes_per_hour", Whole(sum.fastest_bytes_per_hour)}}}};
}

Json RolesJson(const ProgramSum& program) {
  Json roles = Json::array();
  for (const auto& [role, runs] : program.roles) roles.push_back({{"role", role}, {"runs", runs}});
  return roles;
}

Json ProgramJson(const RankedProgram& ranked, size_t top) {
  const ProgramVersion& version = ranked.first;
  const ProgramSum& program = ranked.second;
  const auto runs = [&](Conclusion conclusion) {
    return program.conclusions[static_cast<size_t>(conclusion)];
  };
  Json sites = Json::array();
  for (const RankedSite& site : RankSiteSums(program)) {
    if (top != 0 && sites.size() >= top) break;
    sites.push_back(SiteJson(site, sites.size() + 1));
  }
  return {{"program", version.first},
          {"build_id", TextOrNull(version.second)},
          {"runs", program.runs},
          {"roles", RolesJson(program)},
          {"hosts", program.hosts.size()},
          {"conclusions",
           {{"found", runs(Conclusion::kFound)},
            {"grows", runs(Conclusion::kGrows)},
            {"clean", runs(Conclusion::kClean)},
            {"too_short", runs(Conclusion::kTooShort)},
            {"data_lost", runs(Conclusion::kDataLost)}}},
          {"worst_status", Name(program.worst)},
          {"watched_seconds", program.watched_seconds},
          {"longest_seconds", program.longest_seconds},
          {"live_heap_bytes", Whole(program.live_bytes)},
          {"most_rss_bytes", Whole(program.most_rss_bytes)},
          {"growth_bytes_per_hour", RateJson(program.growth)},
          {"sites_total", program.sites.size()},
          {"sites_given_up", program.sites_given_up},
          {"live_bytes_given_up", Whole(program.live_bytes_given_up)},
          {"sites", sites}};
}

}  // namespace

std::string MergeJson(const Merge& merge, size_t top) {
  Json programs = Json::array();
  for (const RankedProgram* program : RankPrograms(merge.sums))
    programs.push_back(ProgramJson(*program, top));
  const Json report = {{"schema", 1},
                       {"kind", "merge"},
                       {"runs", merge.sums.runs()},
                       {"repeated", merge.repeated},
                       {"unreadable_total", merge.unreadable},
                       {"unreadable", merge.unreadable_why},
                       {"programs", programs}};
  return report.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace leaktrack
