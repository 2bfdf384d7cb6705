// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/fleet_sums.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/own_code.h"
#include "tools/base/safe_text.h"
#include "tools/compare/process_role.h"
#include "tools/compare/site_key.h"

namespace leaktrack {
namespace {

constexpr size_t kMostNames = 64,
                 kMostNameColumns = 400;  // of a key, because a program may have any names
constexpr uint32_t kMainProgram = 1;      // the first module of the map

// "/usr/sbin/nginx (deleted)" -> "nginx"
std::string FileName(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  constexpr std::string_view kDeleted = " (deleted)";
  if (name.ends_with(kDeleted)) name.resize(name.size() - kDeleted.size());
  return name;
}

// By the file that runs, because a forking server writes titles over argv[0].
ProgramVersion VersionOf(const capture::Capture& capture) {
  for (const capture::ModuleInfo& module : capture.modules) {
    if (module.number != kMainProgram) continue;
    const std::string name = FileName(module.path);
    return {name.empty() ? capture.process.program : name, module.build_id};
  }
  return {capture.process.program, ""};
}

void AddRole(const std::string& role, ProgramSum& program) {
  const bool known = program.roles.contains(role);
  ++program.roles[known || program.roles.size() < ProgramSum::kMostRoles ? role : "others"];
}

std::string KeyOf(const SiteResult& site, const OwnCode& own) {
  SiteKey key = Suffix(MakeSiteKey(site.stack, site.blame, own), kMostNames);
  for (std::string& name : key) {
    if (name.size() > kMostNameColumns) name = ShortenMiddle(name, kMostNameColumns);
  }
  return absl::StrCat(site.kind == capture::SiteKind::kHeap ? "" : "mapping: ", KeyText(key));
}

// One run's result for a site, as a sum of one.
SiteSum Reduced(const SiteResult& site, const std::string& path) {
  SiteSum sum;
  if (!site.stack.empty()) sum.blame = site.stack[site.blame];
  sum.kind = site.kind;
  sum.runs = 1;
  sum.verdicts[static_cast<size_t>(site.verdict)] = 1;
  sum.live_bytes = site.live_bytes;
  sum.live_objects = site.live_objects;
  sum.born_bytes = site.born_bytes;
  if (site.significant && site.growth) {
    sum.growth.Add(*site.growth);
    sum.fastest_bytes_per_hour = site.growth->mid;
    sum.fastest_path = path;
  }
  return sum;
}

void AddFigures(const SiteSum& part, SiteSum& sum) {
  sum.live_bytes += part.live_bytes;
  sum.live_objects += part.live_objects;
  sum.born_bytes += part.born_bytes;
  sum.growth.Add(part.growth);
  if (part.fastest_bytes_per_hour > sum.fastest_bytes_per_hour) {
    sum.fastest_bytes_per_hour = part.fastest_bytes_per_hour;
    sum.fastest_path = part.fastest_path;
  }
}

size_t Worst(const SiteSum& site) {
  size_t worst = site.verdicts.size() - 1;
  while (worst > 0 && site.verdicts[worst] == 0) --worst;
  return worst;
}

// Joins sites of one run with the same names: one appearance, with their worst verdict.
void JoinWithinRun(const SiteSum& part, SiteSum& sum) {
  if (Worst(part) > Worst(sum)) {
    sum.verdicts = part.verdicts;
    sum.blame = part.blame;
  }
  AddFigures(part, sum);
}

size_t BytesOf(const std::string& key, const SiteSum& site) {
  return key.size() + site.blame.function.size() + site.blame.file.size() +
         site.blame.module.size() + site.fastest_path.size() + sizeof(site);
}

// A more telling site has a greater weight.
auto Weight(const SiteSum& site) {
  return std::tuple(site.accused() > 0, site.growth.mid, site.live_bytes);
}

}  // namespace

void RateSum::Add(const Rate& rate) {
  mid += rate.mid;
  below_squared += (rate.mid - rate.low) * (rate.mid - rate.low);
  above_squared += (rate.high - rate.mid) * (rate.high - rate.mid);
}

void RateSum::Add(const RateSum& other) {
  mid += other.mid;
  below_squared += other.below_squared;
  above_squared += other.above_squared;
}

Rate RateSum::Get() const {
  return {mid, std::max(0.0, mid - std::sqrt(below_squared)), mid + std::sqrt(above_squared)};
}

bool FleetSums::Add(const capture::Capture& capture, const Analysis& analysis) {
  const uint64_t run_id = capture.process.run_id;
  if (run_id != 0 && !seen_.insert(run_id).second) return false;  // 0: unknown
  ++runs_;
  ProgramSum& program = programs_[VersionOf(capture)];
  ++program.runs;
  AddRole(RoleOf(capture.process), program);
  ++program.conclusions[static_cast<size_t>(analysis.conclusion)];
  if (program.hosts.size() < kMostHosts) program.hosts.insert(capture.process.host);
  program.watched_seconds += analysis.duration_seconds;
  program.longest_seconds = std::max(program.longest_seconds, analysis.duration_seconds);
  program.live_bytes += analysis.memory.live_heap_bytes;
  program.most_rss_bytes =
      std::max(program.most_rss_bytes, static_cast<double>(analysis.memory.rss_bytes.value_or(0)));
  if (analysis.total_growth) program.growth.Add(*analysis.total_growth);
  program.worst = std::max(program.worst, analysis.process.status);
  if (analysis.duration_seconds > longest_seconds_) {
    longest_seconds_ = analysis.duration_seconds;
    of_longest_ = analysis.conclusion;
  }
  const OwnCode own(capture);
  std::map<std::string, SiteSum> of_run;
  for (const SiteResult& site : analysis.sites) {
    const SiteSum part = Reduced(site, capture.path);
    const auto [at, fresh] = of_run.try_emplace(KeyOf(site, own), part);
    if (!fresh) JoinWithinRun(part, at->second);
  }
  for (const auto& [key, site] : of_run) AddSite(key, site, program);
  if (key_bytes_ > most_key_bytes_) GiveUpHalf();
  return true;
}

void FleetSums::AddSite(const std::string& key, const SiteSum& site, ProgramSum& program) {
  const auto [at, fresh] = program.sites.try_emplace(key, site);
  if (fresh) {
    key_bytes_ += BytesOf(key, site);
    return;
  }
  SiteSum& sum = at->second;
  sum.runs += site.runs;
  for (size_t i = 0; i < sum.verdicts.size(); ++i) sum.verdicts[i] += site.verdicts[i];
  AddFigures(site, sum);
}

void FleetSums::GiveUpHalf() {
  struct Place {
    ProgramSum* program;
    std::map<std::string, SiteSum>::iterator site;
  };
  std::vector<Place> places;
  for (auto& [version, program] : programs_) {
    for (auto site = program.sites.begin(); site != program.sites.end(); ++site)
      places.push_back({&program, site});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return Weight(a.site->second) < Weight(b.site->second);
  });
  for (const Place& place : places) {
    if (key_bytes_ <= most_key_bytes_ / 2) break;
    key_bytes_ -= std::min(key_bytes_, BytesOf(place.site->first, place.site->second));
    ++place.program->sites_given_up;
    place.program->live_bytes_given_up += place.site->second.live_bytes;
    place.program->sites.erase(place.site);
  }
}

Conclusion FleetSums::conclusion() const {
  for (const Conclusion worst : {Conclusion::kFound, Conclusion::kGrows, Conclusion::kDataLost}) {
    for (const auto& [version, program] : programs_) {
      if (program.conclusions[static_cast<size_t>(worst)] > 0) return worst;
    }
  }
  return of_longest_;
}

}  // namespace leaktrack
