// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/gate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/compare/statistics.h"

namespace leaktrack {
namespace {

constexpr size_t kSuffixDepth = 3;
constexpr double kSeenForSure =
    3;  // expected samples: none of them is then seen in 5 % of all runs

struct Leak {
  SiteCount sum;               // over all runs
  std::vector<double> counts;  // run by run
  size_t runs = 0;             // that accused it
};

std::map<SiteKey, Leak> GatherLeaks(const std::vector<GateRun>& runs) {
  std::map<SiteKey, Leak> leaks;
  for (size_t i = 0; i < runs.size(); ++i) {
    for (const SiteCount& site : runs[i].leaks) {
      Leak& leak = leaks[site.key];
      leak.counts.resize(runs.size());
      leak.counts[i] += site.count;
      ++leak.runs;
      if (leak.sum.key.empty()) {
        leak.sum = site;
        continue;
      }
      leak.sum.count += site.count;
      leak.sum.blocks += site.blocks;
      leak.sum.bytes += site.bytes;
    }
  }
  // One accusation among several runs is noise until the next run repeats it.
  std::erase_if(leaks, [&](const auto& leak) {
    return leak.second.runs * 2 <= runs.size() && runs.size() > 1;
  });
  return leaks;
}

double TotalWork(const std::vector<GateRun>& runs) {
  double work = 0;
  for (const GateRun& run : runs) work += run.counts.work;
  return work;
}

double Dispersion(const std::map<SiteKey, Leak>& leaks) {
  std::vector<Replicates> replicates;
  for (const auto& [key, leak] : leaks) replicates.push_back(leak.counts);
  double degrees = 0;
  return PooledDispersion(replicates, &degrees);
}

// The entry of the baseline that speaks of this site: of the same name, or the only one of the same
// innermost functions.
std::map<SiteKey, BaselineEntry>::const_iterator Find(const Baseline& baseline,
                                                      const SiteKey& key) {
  const auto same = baseline.entries.find(key);
  if (same != baseline.entries.end()) return same;
  auto found = baseline.entries.end();
  for (auto entry = baseline.entries.begin(); entry != baseline.entries.end(); ++entry) {
    if (Suffix(entry->first, kSuffixDepth) != Suffix(key, kSuffixDepth)) continue;
    if (found != baseline.entries.end()) return baseline.entries.end();
    found = entry;
  }
  return found;
}

class Gatekeeper {
 public:
  Gatekeeper(const std::vector<GateRun>& runs, const Baseline& baseline, Suppressions& suppressions,
             const GateOptions& options)
      : runs_(runs),
        baseline_(baseline),
        suppressions_(suppressions),
        options_(options),
        work_(TotalWork(runs)) {}

  GateResult Judge() {
    result_.runs = runs_.size();
    result_.inconclusive_because = WhyNot();
    if (!runs_.empty() && runs_.front().counts.work_is_counted) result_.unit = "iteration";
    const std::map<SiteKey, Leak> leaks = GatherLeaks(runs_);
    phi_ = Dispersion(leaks);
    for (const auto& [key, leak] : leaks) result_.sites.push_back(JudgeSite(leak));
    for (const auto& [key, entry] : baseline_.entries) {
      if (!seen_.contains(key)) JudgeMissing(key, entry);
    }
    result_.unused = suppressions_.Unused();
    for (const SiteLimit& limit : options_.limits.sites) {
      if (!limits_used_.contains(&limit))
        result_.unused_limits.push_back(absl::StrCat(limit.where, ": ", limit.pattern));
    }
    result_.detectable_bytes = Detectable();
    Notes();
    Conclude();
    return std::move(result_);
  }

 private:
  std::string WhyNot() const {
    if (runs_.empty()) return "there is no run";
    for (const GateRun& run : runs_) {
      const std::string& why =
          run.counts.unusable.empty() ? run.counts.unjudged : run.counts.unusable;
      if (!why.empty()) return absl::StrCat(run.counts.path, ": ", why);
    }
    const std::string unit = runs_.front().counts.work_is_counted ? "iteration" : "run";
    if (!options_.limits.unit.empty() && options_.limits.unit != unit) {
      return absl::StrCat("the limits count per ", options_.limits.unit, ", these runs per ", unit);
    }
    if (!baseline_.entries.empty() && baseline_.unit != unit) {
      return absl::StrCat("the baseline counts per ", baseline_.unit, ", these runs per ", unit);
    }
    return "";
  }

  // Of several runs of one program each says the same.
  void Notes() {
    std::set<std::string> notes(suppressions_.notes().begin(), suppressions_.notes().end());
    for (const GateRun& run : runs_) notes.insert(run.notes.begin(), run.notes.end());
    result_.notes.assign(notes.begin(), notes.end());
  }

  GateSite JudgeSite(const Leak& leak) {
    GateSite site;
    SiteChange& change = site.change;
    change.key = leak.sum.key;
    change.stack = leak.sum.stack;
    change.blame = leak.sum.blame;
    change.now_count = leak.sum.count;
    change.now_bytes = leak.sum.bytes / work_;
    change.now_blocks = leak.sum.blocks / work_;
    change.bytes_per_count = leak.sum.count > 0 ? leak.sum.bytes / leak.sum.count : 0;
    site.suppressed = suppressions_.Covers(leak.sum.stack);
    HoldToLimit(site);
    const auto entry = Find(baseline_, change.key);
    if (entry == baseline_.entries.end()) {
      change.change =
          change.now_bytes >= options_.compare.min_bytes ? Change::kNewLeak : Change::kUnchanged;
      return site;
    }
    seen_.insert(entry->first);
    change.phi = OwnDispersion({leak.counts}, phi_);
    Measure(entry->second, change);
    change.matched_by_suffix = entry->first != change.key;
    return site;
  }

  void HoldToLimit(GateSite& site) {
    const SiteLimit* const own = LimitOf(options_.limits, site.change.stack);
    if (own != nullptr) {
      limits_used_.insert(own);
      site.over_limit = site.change.now_bytes > own->bytes;
      site.within_limit = !site.over_limit;
    } else {
      site.over_limit =
          options_.limits.site_bytes && site.change.now_bytes > *options_.limits.site_bytes;
    }
  }

  // The baseline was measured too, with as many samples as its bytes stand for.
  void Measure(const BaselineEntry& entry, SiteChange& change) const {
    const double base_work =
        static_cast<double>(baseline_.runs) * work_ / static_cast<double>(runs_.size());
    change.base_bytes = entry.bytes;
    change.base_blocks = entry.blocks;
    change.base_count =
        change.bytes_per_count > 0 ? entry.bytes * base_work / change.bytes_per_count : 0;
    change.p = change.q =
        HigherRateP(change.base_count, base_work, change.now_count, work_, change.phi);
    change.lower_bytes =
        change.bytes_per_count *
        DifferenceLowerBound(change.base_count, base_work, change.now_count, work_, change.phi);
    const bool worse = change.p <= options_.compare.max_q &&
                       change.lower_bytes >= options_.compare.min_bytes &&
                       change.now_bytes >= options_.compare.min_ratio * change.base_bytes;
    change.change = worse ? Change::kWorse : Change::kKnown;
  }

  void JudgeMissing(const SiteKey& key, const BaselineEntry& entry) {
    double interval = 1;
    for (const GateRun& run : runs_) interval = std::max(interval, run.counts.interval);
    // A block is seen with 1 - exp(-size / interval): at least this many samples were to be
    // expected.
    const double size = entry.blocks > 0 ? entry.bytes / entry.blocks : entry.bytes;
    const double expected = entry.blocks * work_ * -std::expm1(-size / interval);
    if (expected < kSeenForSure) {
      result_.stale.push_back(
          absl::StrCat(KeyText(key), ": not seen, but too small for these runs to tell"));
      return;
    }
    GateSite site;
    site.change.key = key;
    site.change.change = Change::kFixed;
    site.change.base_bytes = entry.bytes;
    site.change.base_blocks = entry.blocks;
    result_.sites.push_back(std::move(site));
  }

  // Of blocks much smaller than the interval, each sample stands for one interval of bytes.
  double Detectable() const {
    if (runs_.empty() || work_ <= 0) return 0;
    double interval = 1;
    for (const GateRun& run : runs_) interval = std::max(interval, run.counts.interval);
    if (interval <= 1) return 0;
    return interval * DetectableCount(work_, work_, phi_, options_.compare.max_q) / work_;
  }

  void Conclude() {
    bool fails = false;
    for (const GateSite& site : result_.sites) {
      if (site.suppressed) continue;
      result_.total_bytes += site.change.now_bytes;
      fails |= site.over_limit || (site.change.change >= Change::kWorse && !site.within_limit);
    }
    result_.over_total =
        options_.limits.total_bytes && result_.total_bytes > *options_.limits.total_bytes;
    std::stable_sort(result_.sites.begin(), result_.sites.end(),
                     [](const GateSite& a, const GateSite& b) {
                       if (a.suppressed != b.suppressed) return b.suppressed;
                       if (a.change.change != b.change.change)
                         return a.change.change > b.change.change;
                       return a.change.now_bytes > b.change.now_bytes;
                     });
    if (fails || result_.over_total) {
      result_.verdict =
          GateVerdict::kFail;  // a leak that was found stays one, whatever else is not known
    } else if (!result_.inconclusive_because.empty()) {
      result_.verdict = GateVerdict::kInconclusive;
    }
  }

  const std::vector<GateRun>& runs_;
  const Baseline& baseline_;
  Suppressions& suppressions_;
  const GateOptions& options_;
  double work_;
  double phi_ = 1;
  std::set<SiteKey> seen_;
  std::set<const SiteLimit*> limits_used_;
  GateResult result_;
};

}  // namespace

GateResult Gate(const std::vector<GateRun>& runs, const Baseline& baseline,
                Suppressions& suppressions, const GateOptions& options) {
  return Gatekeeper(runs, baseline, suppressions, options).Judge();
}

Baseline MakeBaseline(const GateResult& result, const Baseline& old) {
  Baseline fresh;
  fresh.unit = result.unit;
  fresh.runs = std::max<size_t>(1, result.runs);
  for (const GateSite& site : result.sites) {
    if (site.suppressed || site.change.change == Change::kFixed ||
        site.change.change == Change::kUnchanged)
      continue;
    BaselineEntry entry{site.change.now_blocks, site.change.now_bytes, {}};
    const auto before = Find(old, site.change.key);
    if (before != old.entries.end()) entry.comments = before->second.comments;
    fresh.entries[site.change.key] = std::move(entry);
  }
  return fresh;
}

}  // namespace leaktrack
