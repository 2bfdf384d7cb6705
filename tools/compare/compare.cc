// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tools/analysis/model/stats.h"
#include "tools/compare/statistics.h"
#include "tools/compare/symbol_coverage.h"

namespace leaktrack {
namespace {

constexpr double kMinCount = 6;    // in both versions together; fewer sampled blocks are not tested
constexpr double kMinDegrees = 8;  // of freedom, for the scatter between runs to count as known
constexpr size_t kMinTenths = 6;   // tenths of a single run that must have births

// The sites of one version: counts run by run.
struct Version {
  std::map<SiteKey, std::vector<double>> counts;
  std::map<SiteKey, SiteCount> sums;
  double work = 0;
  size_t runs = 0;
};

Version Gather(const std::vector<RunCounts>& runs) {
  Version version;
  version.runs = runs.size();
  for (size_t i = 0; i < runs.size(); ++i) {
    version.work += runs[i].work;
    for (const SiteCount& site : runs[i].sites) {
      std::vector<double>& counts = version.counts[site.key];
      counts.resize(runs.size());
      counts[i] += site.count;
      const auto [sum, fresh] = version.sums.try_emplace(site.key, site);
      if (!fresh) sum->second.Add(site);
    }
  }
  return version;
}

// Matches sites without a counterpart by their innermost functions: an inlining decision or a
// renamed outer caller must not make a leak new. A suffix counts only if it is unique in both
// versions.
std::map<SiteKey, SiteKey> MatchBySuffix(const Version& base, const Version& now) {
  const auto lonely = [](const Version& of, const Version& in) {
    std::map<SiteKey, std::vector<SiteKey>> by_suffix;
    for (const auto& [key, site] : of.sums) {
      if (!in.sums.contains(key)) by_suffix[Suffix(key, kSuffixDepth)].push_back(key);
    }
    return by_suffix;
  };
  const auto old_ones = lonely(base, now), new_ones = lonely(now, base);
  std::map<SiteKey, SiteKey> matches;  // new -> old
  for (const auto& [suffix, keys] : new_ones) {
    const auto old = old_ones.find(suffix);
    if (keys.size() == 1 && old != old_ones.end() && old->second.size() == 1)
      matches[keys[0]] = old->second[0];
  }
  return matches;
}

// The site's counts in each version, run by run.
std::vector<Replicates> ReplicatesOf(const SiteCount* old, const SiteCount* fresh,
                                     const Version& base, const Version& now) {
  std::vector<Replicates> own;
  if (old != nullptr) own.push_back(base.counts.at(old->key));
  if (fresh != nullptr) own.push_back(now.counts.at(fresh->key));
  return own;
}

// A level that waits for a collector, or for other threads, varies by its own size from run to
// run, and three runs may agree by chance. So a third of it either way is no change. As a
// dispersion: var / mean = .3^2 mean.
double LevelDispersion(const SiteCount* old, const SiteCount* fresh, const Version& base,
                       const Version& now) {
  constexpr double kVariation = .3;
  if ((old != nullptr && !old->turns_over()) || (fresh != nullptr && !fresh->turns_over()))
    return 0;
  const double count = (old != nullptr ? old->count : 0) + (fresh != nullptr ? fresh->count : 0);
  return kVariation * kVariation * count / static_cast<double>(base.runs + now.runs);
}

SiteChange Measure(const SiteCount* old, const SiteCount* fresh, const Version& base,
                   const Version& now, double phi) {
  SiteChange change;
  change.phi = OwnDispersion(ReplicatesOf(old, fresh, base, now), phi) +
               LevelDispersion(old, fresh, base, now);
  const SiteCount& named = fresh != nullptr ? *fresh : *old;
  change.key = named.key;
  change.stack = named.stack;
  change.blame = named.blame;
  if (old != nullptr) {
    change.base_count = old->count;
    change.base_bytes = old->bytes / base.work;
    change.base_blocks = old->blocks / base.work;
  }
  if (fresh != nullptr) {
    change.now_count = fresh->count;
    change.now_bytes = fresh->bytes / now.work;
    change.now_blocks = fresh->blocks / now.work;
  }
  change.bytes_per_count = named.count > 0 ? named.bytes / named.count : 0;
  change.p = HigherRateP(change.base_count, base.work, change.now_count, now.work, change.phi);
  return change;
}

double FallenP(const SiteChange& site, const Version& base, const Version& now) {
  return HigherRateP(site.now_count, now.work, site.base_count, base.work, site.phi);
}

Change Classify(const SiteChange& site, const CompareOptions& options, double fallen_q) {
  const bool higher = site.q <= options.max_q && site.lower_bytes >= options.min_bytes;
  if (site.base_count <= 0) return higher ? Change::kNewLeak : Change::kUnchanged;
  if (higher && site.now_bytes >= options.min_ratio * site.base_bytes) {
    // A site that held next to nothing before is new to the reader.
    return site.base_bytes < options.min_bytes ? Change::kNewLeak : Change::kWorse;
  }
  if (fallen_q <= options.max_q && site.now_bytes * options.min_ratio <= site.base_bytes) {
    return site.now_count <= .02 * site.base_count ? Change::kFixed : Change::kKnown;
  }
  return std::min(site.base_bytes, site.now_bytes) >= options.min_bytes ? Change::kKnown
                                                                        : Change::kUnchanged;
}

// No run of a version differs from another, so nothing was left to chance.
bool NewForCertain(const SiteChange& site, const Version& now, double min_bytes) {
  const auto counts = now.counts.find(site.key);
  if (site.base_blocks > 0 || counts == now.counts.end()) return false;
  return std::ranges::all_of(counts->second, [](double count) { return count > 0; }) &&
         (site.now_bytes >= min_bytes || min_bytes <= 1);
}

void ClassifyAll(std::vector<SiteChange>& sites, const Version& base, const Version& now,
                 const CompareOptions& options, bool every_block) {
  std::vector<size_t> tested;
  std::vector<double> higher, fallen;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (sites[i].base_count + sites[i].now_count < kMinCount) continue;
    tested.push_back(i);
    higher.push_back(sites[i].p);
    fallen.push_back(FallenP(sites[i], base, now));
  }
  const std::vector<double> higher_q = BenjaminiHochberg(higher),
                            fallen_q = BenjaminiHochberg(fallen);
  for (size_t k = 0; k < tested.size(); ++k) {
    SiteChange& site = sites[tested[k]];
    site.q = higher_q[k];
    if (site.q <= options.max_q) {  // expensive, and useless otherwise
      site.lower_bytes =
          site.bytes_per_count *
          DifferenceLowerBound(site.base_count, base.work, site.now_count, now.work, site.phi);
    }
    site.change = Classify(site, options, fallen_q[k]);
  }
  for (SiteChange& site : sites) {
    if (every_block && NewForCertain(site, now, options.min_bytes)) site.change = Change::kNewLeak;
  }
}

// Scatter within single runs, if there are no replicates: births in ten parts of the run.
double DispersionOfTenths(const Version& a, const Version& b, double* degrees, bool* enough) {
  std::vector<Replicates> tenths;
  size_t most = 0;
  for (const Version* version : {&a, &b}) {
    for (const auto& [key, site] : version->sums) {
      const auto used = std::count_if(site.births_by_tenth.begin(), site.births_by_tenth.end(),
                                      [](double n) { return n > 0; });
      most = std::max(most, static_cast<size_t>(used));
      tenths.emplace_back(site.births_by_tenth.begin(), site.births_by_tenth.end());
    }
  }
  *enough = most >= kMinTenths;
  return PooledDispersion(tenths, degrees);
}

void EstimateDispersion(const Version& base, const Version& now, Comparison& result) {
  std::vector<Replicates> replicates;
  for (const Version* version : {&base, &now}) {
    for (const auto& [key, counts] : version->counts) replicates.push_back(counts);
  }
  double degrees = 0;
  result.phi = PooledDispersion(replicates, &degrees);
  // Replicates of sites with tiny counts prove nothing. If there is nothing else, nothing leaks
  // either.
  result.phi_known = degrees >= kMinDegrees || (base.runs >= 2 && now.runs >= 2);
  if (result.phi_known) return;
  bool enough = false;
  result.phi = DispersionOfTenths(base, now, &degrees, &enough);
  if (!enough) {
    result.inconclusive_because =
        "one run of each version does not tell how much counts scatter from run to run; record "
        "three runs of each (gate --runs 3)";
  }
}

std::string WhyNotComparable(const std::vector<RunCounts>& base,
                             const std::vector<RunCounts>& now) {
  if (base.empty() || now.empty()) return "one version has no run";
  for (const std::vector<RunCounts>* runs : {&base, &now}) {
    for (const RunCounts& run : *runs) {
      if (!run.unusable.empty()) return absl::StrCat(run.path, ": ", run.unusable);
      if (run.work_is_counted != base.front().work_is_counted)
        return absl::StrCat(run.path, ": counts its work, other runs do not");
    }
  }
  const std::string module = NamedOnOneSideOnly(base, now);
  if (module.empty()) return "";
  return absl::StrCat(module,
                      " has symbols in the runs of one version only, and sites are matched by "
                      "name: point --debug-dir at its debug files");
}

// Growth is no regression yet if a cache that is still filling would have grown as well.
std::string WhyNotYet(const std::vector<RunCounts>& base, const std::vector<RunCounts>& now) {
  for (const std::vector<RunCounts>* runs : {&base, &now}) {
    for (const RunCounts& run : *runs) {
      if (!run.unjudged.empty())
        return absl::StrCat("more has grown, but ", run.path, ": ", run.unjudged);
    }
  }
  return "";
}

double LargestInterval(const std::vector<RunCounts>& runs) {
  double interval = 1;
  for (const RunCounts& run : runs) interval = std::max(interval, run.interval);
  return interval;
}

// Tells how large a new leak must be to be found. A count is a sample. It stands for an interval
// of bytes, or for a block.
void TellPower(const Version& base, const Version& now, double interval, bool every_block,
               const CompareOptions& options, Comparison& result) {
  const double count = DetectableCount(base.work, now.work, result.phi,
                                       options.max_q / std::max<size_t>(1, result.sites.size()));
  if (interval > 1) {
    result.detectable_bytes = std::max(options.min_bytes, count * interval / now.work);
  } else {
    result.detectable_blocks = every_block ? 1 : count / now.work;
  }
}

// Words and status must agree: if the comparison does not stand, no site is worse.
void WithdrawAccusations(std::vector<SiteChange>& sites) {
  for (SiteChange& site : sites) {
    if (site.change >= Change::kWorse) site.change = Change::kUnclear;
  }
}

}  // namespace

const char* Name(Change change) {
  switch (change) {
    case Change::kUnchanged:
      return "unchanged";
    case Change::kKnown:
      return "KNOWN";
    case Change::kFixed:
      return "FIXED";
    case Change::kUnclear:
      return "UNCLEAR";
    case Change::kWorse:
      return "WORSE";
    case Change::kNewLeak:
      return "NEW LEAK";
  }
  return "unchanged";
}

bool Comparison::Regressed() const {
  return inconclusive_because.empty() &&
         std::any_of(sites.begin(), sites.end(),
                     [](const SiteChange& site) { return site.change >= Change::kWorse; });
}

Comparison Compare(const std::vector<RunCounts>& base_runs, const std::vector<RunCounts>& now_runs,
                   const CompareOptions& options) {
  Comparison result;
  result.inconclusive_because = WhyNotComparable(base_runs, now_runs);
  if (!result.inconclusive_because.empty()) return result;
  if (base_runs.front().work_is_counted) result.unit = "iteration";
  const Version base = Gather(base_runs), now = Gather(now_runs);
  EstimateDispersion(base, now, result);
  const std::map<SiteKey, SiteKey> matches = MatchBySuffix(base, now);
  std::set<SiteKey> matched;
  for (const auto& [fresh, old] : matches) matched.insert(old);
  for (const auto& [key, site] : now.sums) {
    const auto by_suffix = matches.find(key);
    const auto old = base.sums.find(by_suffix != matches.end() ? by_suffix->second : key);
    result.sites.push_back(
        Measure(old == base.sums.end() ? nullptr : &old->second, &site, base, now, result.phi));
    result.sites.back().matched_by_suffix = by_suffix != matches.end();
  }
  for (const auto& [key, site] : base.sums) {
    if (!now.sums.contains(key) && !matched.contains(key))
      result.sites.push_back(Measure(&site, nullptr, base, now, result.phi));
  }
  const double interval = std::max(LargestInterval(base_runs), LargestInterval(now_runs));
  const bool every_block = IsAtExit(options.mode) && interval <= 1;
  ClassifyAll(result.sites, base, now, options, every_block);
  std::stable_sort(
      result.sites.begin(), result.sites.end(), [](const SiteChange& a, const SiteChange& b) {
        return a.change != b.change ? a.change > b.change
                                    : a.now_bytes - a.base_bytes > b.now_bytes - b.base_bytes;
      });
  if (result.Regressed()) result.inconclusive_because = WhyNotYet(base_runs, now_runs);
  if (!result.inconclusive_because.empty()) WithdrawAccusations(result.sites);
  TellPower(base, now, interval, every_block, options, result);
  return result;
}

}  // namespace leaktrack
