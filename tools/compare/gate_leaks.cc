// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/gate_leaks.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace leaktrack {
namespace {

// The name under which a site of a run counts: its own, or the shortest of `names` that it begins
// with.
class Names {
 public:
  Names(const std::vector<GateRun>& runs, CountMode mode, const Baseline& known) {
    if (IsAtExit(mode)) return;
    for (const GateRun& run : runs) {
      for (const SiteCount& leak : run.leaks) names_.insert(leak.key);
    }
    for (const auto& [key, entry] : known.entries) {
      if (entry.leaks) names_.insert(key);
    }
  }

  SiteKey Of(const SiteKey& key) const {
    for (size_t depth = 1; depth < key.size(); ++depth) {
      const SiteKey inner = Suffix(key, depth);
      if (names_.contains(inner)) return inner;
    }
    return key;
  }

 private:
  std::set<SiteKey> names_;
};

using Leaks =
    std::map<std::pair<SiteKey, bool>, GateLeak>;  // by name and by whether it is suppressed

void AddCount(const SiteCount& site, const SiteKey& name, size_t run, const RunCounts& counts,
              GateLeak& leak) {
  if (leak.sum.key.empty()) {
    leak.sum = site;
    leak.sum.key = name;
  } else {
    leak.sum.Add(site);
  }
  leak.counts[run] += site.count;
  leak.bytes[run] += counts.work > 0 ? site.bytes / counts.work : 0;
}

void AddRun(const GateRun& run, size_t number, size_t runs, const Names& names, Leaks& leaks) {
  const auto at = [&](const SiteKey& name, bool suppressed) -> GateLeak& {
    GateLeak& leak = leaks[{name, suppressed}];
    leak.counts.resize(runs);
    leak.bytes.resize(runs);
    leak.runs = runs;
    return leak;
  };
  std::set<GateLeak*> seen;
  for (const SiteCount& site : run.counts.sites) {
    const SiteKey name = names.Of(site.key);
    GateLeak& leak = at(name, site.suppressed);
    AddCount(site, name, number, run.counts, leak);
    if (seen.insert(&leak).second) ++leak.seen;
  }
  std::map<std::pair<SiteKey, bool>, const SiteCount*> accused;
  for (const SiteCount& site : run.leaks)
    accused.try_emplace({names.Of(site.key), site.suppressed}, &site);
  for (const auto& [name, site] : accused) {
    GateLeak& leak = at(name.first, name.second);
    if (leak.accused++ != 0) continue;
    leak.sum.key = name.first;  // shown as the analyzer showed it
    leak.sum.stack = site->stack;
    leak.sum.blame = site->blame;
    leak.sum.suppressed = site->suppressed;
  }
}

}  // namespace

double WorkOf(const std::vector<GateRun>& runs) {
  double work = 0;
  for (const GateRun& run : runs) work += run.counts.work;
  return work;
}

std::string UnitOf(const std::vector<GateRun>& runs) {
  return !runs.empty() && runs.front().counts.work_is_counted ? "iteration" : "run";
}

double IntervalOf(const std::vector<GateRun>& runs) {
  double interval = 1;
  for (const GateRun& run : runs) interval = std::max(interval, run.counts.interval);
  return interval;
}

std::vector<SiteCount> ReachableOf(const std::vector<GateRun>& runs) {
  std::map<SiteKey, SiteCount> by_key;
  for (const GateRun& run : runs) {
    for (const SiteCount& site : run.counts.reachable) {
      const auto [at, fresh] = by_key.try_emplace(site.key, site);
      if (!fresh) at->second.Add(site);
    }
  }
  std::vector<SiteCount> sites;
  for (auto& [key, site] : by_key) sites.push_back(std::move(site));
  std::ranges::stable_sort(sites, std::ranges::greater(), &SiteCount::bytes);
  return sites;
}

bool BeginsWith(const SiteKey& key, const SiteKey& with) {
  return key.size() >= with.size() && std::equal(with.begin(), with.end(), key.begin());
}

std::vector<GateLeak> GatherLeaks(const std::vector<GateRun>& runs, CountMode mode,
                                  const Baseline& known) {
  const Names names(runs, mode, known);
  Leaks leaks;
  for (size_t i = 0; i < runs.size(); ++i) AddRun(runs[i], i, runs.size(), names, leaks);
  std::vector<GateLeak> result;
  result.reserve(leaks.size());
  for (auto& [name, leak] : leaks) result.push_back(std::move(leak));
  return result;
}

}  // namespace leaktrack
