// SPDX-License-Identifier: Apache-2.0
#include "tools/report/input/site_groups.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/ranking.h"
#include "tools/analysis/blame/wrapper_rules.h"
#include "tools/witness/evidence_sum.h"

namespace leaktrack {
namespace {

std::string BlameKey(const SiteResult& site) {
  if (site.family != 0) return absl::StrCat("family ", site.family);
  if (site.stack.empty()) return absl::StrCat("site ", site.sites.empty() ? 0 : site.sites.front());
  return FunctionKey(site.stack[site.blame]);
}

SiteGroup Sum(std::vector<const SiteResult*> sites) {
  SiteGroup group;
  double below = 0;
  double above = 0;
  double live_squares = 0;
  witness::EvidenceSum memory;
  for (const SiteResult* site : sites) {
    if (site->memory) {
      memory.Add(*site->memory);
      group.memory = memory.Total();
    }
    group.stacks += std::max<size_t>(site->sites.size(), 1);
    group.live_bytes += site->live_bytes;
    live_squares += site->live_bytes_error * site->live_bytes_error;
    group.live_objects += site->live_objects;
    group.grown_bytes += site->grown_bytes;
    group.oldest_seconds = std::max(group.oldest_seconds, site->oldest_seconds);
    group.score += RankScore(*site);
    group.leak_probability = std::max(group.leak_probability, site->leak_probability.value_or(0));
    if (!site->growth) continue;
    group.growth.mid += site->growth->mid;
    below += std::pow(site->growth->mid - site->growth->low, 2);
    above += std::pow(site->growth->high - site->growth->mid, 2);
  }
  group.growth.low = std::max(0.0, group.growth.mid - std::sqrt(below));
  group.growth.high = group.growth.mid + std::sqrt(above);
  group.live_bytes_error = std::sqrt(live_squares);
  group.sites = std::move(sites);
  return group;
}

template <typename Wanted>
std::vector<SiteGroup> GroupsOf(SiteView sites, const Wanted& wanted) {
  std::map<std::string, std::vector<const SiteResult*>> by_blame;
  for (const SiteResult& site : sites) {
    if (wanted(site)) by_blame[BlameKey(site)].push_back(&site);
  }
  std::vector<SiteGroup> groups;
  for (auto& [key, members] : by_blame) groups.push_back(Sum(std::move(members)));
  std::stable_sort(groups.begin(), groups.end(), [](const SiteGroup& a, const SiteGroup& b) {
    if (a.first().verdict != b.first().verdict) return a.first().verdict > b.first().verdict;
    if (a.first().significant != b.first().significant) return a.first().significant;
    if (a.first().verdict != Verdict::kNone && a.score != b.score) return a.score > b.score;
    return a.live_bytes > b.live_bytes;
  });
  return groups;
}

}  // namespace

std::vector<SiteGroup> GroupSites(SiteView sites, Verdict at_least) {
  return GroupsOf(sites, [&](const SiteResult& site) { return site.verdict >= at_least; });
}

std::vector<SiteGroup> GroupsToTell(SiteView sites) {
  std::vector<SiteGroup> groups = GroupSites(sites, Verdict::kSuspect);
  if (!groups.empty()) return groups;
  return GroupsOf(sites, [](const SiteResult& site) {
    return site.verdict == Verdict::kWatch && site.significant;
  });
}

std::optional<SiteGroup> HolderOf(const Analysis& analysis) {
  constexpr double kWorthNaming = .1;
  if (!analysis.measured_growth) return std::nullopt;
  std::vector<SiteGroup> groups = GroupSites(analysis.sites, Verdict::kNone);
  const auto most = std::ranges::max_element(groups, {}, &SiteGroup::grown_bytes);
  if (most == groups.end() || most->grown_bytes < kWorthNaming * analysis.measured_growth->bytes)
    return std::nullopt;
  return std::move(*most);
}

}  // namespace leaktrack
