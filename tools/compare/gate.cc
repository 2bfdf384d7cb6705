// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/gate.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/compare/gate_baseline.h"
#include "tools/compare/gate_leaks.h"
#include "tools/compare/statistics.h"

namespace leaktrack {
namespace {

constexpr double kSeenForSure = 3;  // expected samples; then no sample is seen in 5 % of all runs

// The scatter of leaks alone, because most sites are noise by nature.
double Dispersion(const std::vector<GateLeak>& leaks) {
  std::vector<Replicates> replicates;
  for (const GateLeak& leak : leaks) {
    if (leak.leaks()) replicates.push_back(leak.counts);
  }
  double degrees = 0;
  return PooledDispersion(replicates, &degrees);
}

std::string WhyUnusable(const std::vector<GateRun>& runs) {
  if (runs.empty()) return "there is no run to judge";
  for (const GateRun& run : runs) {
    const std::string& why =
        run.counts.unusable.empty() ? run.counts.unjudged : run.counts.unusable;
    if (!why.empty()) return absl::StrCat(run.counts.path, ": ", why);
  }
  return "";
}

class Gatekeeper {
 public:
  Gatekeeper(const std::vector<GateRun>& runs, const Baseline& baseline, const GateOptions& options)
      : runs_(runs),
        baseline_(baseline),
        options_(options),
        work_(WorkOf(runs)),
        interval_(IntervalOf(runs)) {}

  GateResult Judge(const Suppressions& suppressions) {
    result_.runs = runs_.size();
    result_.mode = options_.compare.mode;
    result_.unit = UnitOf(runs_);
    result_.unusable_because = WhyUnusable(runs_);
    result_.unlimited_because = WhyNotLimited();
    for (const std::string& why :
         {result_.unusable_because, result_.unlimited_because, WhyNotComparable()}) {
      if (result_.inconclusive_because.empty()) result_.inconclusive_because = why;
    }
    for (const SiteCount& site : ReachableOf(runs_))
      result_.reachable.push_back(
          {site.key, site.bytes / work_, site.blocks / work_, site.holders});
    leaks_ = GatherLeaks(runs_, options_.compare.mode, baseline_);
    phi_ = Dispersion(leaks_);
    result_.measured = MeasuredBaseline(runs_, leaks_, options_.compare);
    for (const GateLeak& leak : leaks_) {
      if (leak.leaks()) result_.sites.push_back(JudgeSite(leak));
    }
    for (const auto& [key, entry] : baseline_.entries) {
      if (entry.leaks && !seen_.contains(key)) JudgeMissing(key, entry);
    }
    result_.unused = suppressions.Unused();
    for (const SiteLimit& limit : options_.limits.sites) {
      if (IsLimited() && !limits_used_.contains(&limit))
        result_.unused_limits.push_back(absl::StrCat(limit.where, ": ", limit.pattern));
    }
    result_.detectable_bytes = Detectable();
    Notes(suppressions);
    Conclude();
    return std::move(result_);
  }

 private:
  std::string CountsAnother(absl::string_view what, absl::string_view unit) const {
    return absl::StrCat("the ", what, " per ", unit, ", these runs per ", result_.unit);
  }

  std::string WhyNotLimited() const {
    const std::string& unit = options_.limits.unit;
    return unit.empty() || unit == result_.unit ? "" : CountsAnother("limits count", unit);
  }
  bool IsLimited() const { return result_.unlimited_because.empty(); }

  static const char* HowToCount(CountMode mode) {
    switch (mode) {
      case CountMode::kGrown:
        return "leave --at-exit out";
      case CountMode::kAtExit:
        return "give --at-exit=all";
      case CountMode::kLost:
        break;
    }
    return "give --at-exit";
  }

  std::string WhyNotComparable() const {
    if (!baseline_.entries.empty() && baseline_.unit != result_.unit)
      return CountsAnother("baseline counts", baseline_.unit);
    if (!baseline_.mode || *baseline_.mode == options_.compare.mode) return "";
    // What was never freed covers what is lost of it.
    if (IsAtExit(*baseline_.mode) && options_.compare.mode == CountMode::kLost) return "";
    return absl::StrCat("the baseline counts ", CountModeText(*baseline_.mode), ", this gate ",
                        CountModeText(options_.compare.mode), "; ", HowToCount(*baseline_.mode),
                        ", or write a new baseline");
  }

  // Several runs of one program give the same notes.
  void Notes(const Suppressions& suppressions) {
    std::set<std::string> notes(suppressions.notes().begin(), suppressions.notes().end()), tests;
    for (const GateRun& run : runs_) {
      notes.insert(run.notes.begin(), run.notes.end());
      tests.insert(run.failed_tests.begin(), run.failed_tests.end());
    }
    result_.notes.assign(notes.begin(), notes.end());
    result_.failed_tests.assign(tests.begin(), tests.end());
  }

  GateSite JudgeSite(const GateLeak& leak) {
    GateSite site;
    SiteChange& change = site.change;
    change.key = leak.sum.key;
    change.stack = leak.sum.stack;
    change.blame = leak.sum.blame;
    change.now_count = leak.sum.count;
    change.now_bytes = leak.sum.bytes / work_;
    change.now_blocks = leak.sum.blocks / work_;
    change.bytes_per_count = leak.sum.count > 0 ? leak.sum.bytes / leak.sum.count : 0;
    site.suppressed = leak.sum.suppressed;
    if (IsLimited()) HoldToLimit(site);
    const BaselineMatch match = FindInBaseline(baseline_, change.key, options_.compare.mode);
    seen_.insert(match.keys.begin(), match.keys.end());
    if (!Matters(change.now_bytes, options_.compare)) return site;
    if (site.suppressed) {
      change.change = Change::kNewLeak;  // it would be one
    } else {
      Compare(leak, match, change);
    }
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

  void Compare(const GateLeak& leak, const BaselineMatch& match, SiteChange& change) {
    change.matched_by_suffix = match.by_suffix;
    change.base_bytes = match.entry.bytes;
    change.base_blocks = match.entry.blocks;
    const Standing standing =
        StandingOf(leak, match, baseline_, runs_, phi_, options_.compare, change);
    change.change = standing.change;
    if (standing.change == Change::kUnclear && result_.inconclusive_because.empty())
      result_.inconclusive_because = standing.why;
  }

  void JudgeMissing(const SiteKey& key, const BaselineEntry& entry) {
    // Sampling sees a block with probability 1 - exp(-size / interval). So at least this many
    // samples were to be expected.
    const double size = entry.blocks > 0 ? entry.bytes / entry.blocks : entry.bytes;
    const double seen = interval_ > 1 ? -std::expm1(-size / interval_) : 1;
    const double expected = entry.blocks * work_ * seen;
    if (expected < kSeenForSure && interval_ > 1) {
      result_.stale.push_back(absl::StrCat(
          KeyText(key),
          ": was not seen, but is too small for these runs to tell whether it is gone"));
      return;
    }
    double still = 0;  // accused in too few of the runs, but still there
    for (const GateLeak& leak : leaks_) {
      if (!leak.sum.suppressed && BeginsWith(leak.sum.key, key)) still += leak.sum.bytes / work_;
    }
    if (still * options_.compare.min_ratio > entry.bytes && still > 0) return;
    // Still there, but held: no leak, and not gone either.
    if (std::ranges::any_of(result_.reachable,
                            [&](const ReachableSite& site) { return site.key == key; }))
      return;
    GateSite site;
    site.change.key = key;
    site.change.change = Change::kFixed;
    site.change.base_bytes = entry.bytes;
    site.change.base_blocks = entry.blocks;
    result_.sites.push_back(std::move(site));
  }

  // If blocks are much smaller than the interval, each sample stands for one interval of bytes.
  double Detectable() const {
    if (runs_.empty() || work_ <= 0 || interval_ <= 1) return 0;
    const double count = DetectableCount(work_, work_, phi_, options_.compare.max_q);
    return std::max(options_.compare.min_bytes, interval_ * count / work_);
  }

  void Conclude() {
    bool fails = !result_.failed_tests.empty();
    for (const GateSite& site : result_.sites) {
      if (site.suppressed) continue;
      result_.total_bytes += site.change.now_bytes;
      fails |= site.over_limit || (site.change.change >= Change::kWorse && !site.within_limit);
    }
    result_.over_total = IsLimited() && options_.limits.total_bytes &&
                         result_.total_bytes > *options_.limits.total_bytes;
    std::stable_sort(result_.sites.begin(), result_.sites.end(),
                     [](const GateSite& a, const GateSite& b) {
                       if (a.suppressed != b.suppressed) return b.suppressed;
                       if (a.change.change != b.change.change)
                         return a.change.change > b.change.change;
                       return a.change.now_bytes > b.change.now_bytes;
                     });
    if (fails || result_.over_total) {
      result_.verdict =
          GateVerdict::kFail;  // a leak that was found stays one, whatever else is unknown
    } else if (!result_.inconclusive_because.empty()) {
      result_.verdict = GateVerdict::kInconclusive;
    }
  }

  const std::vector<GateRun>& runs_;
  const Baseline& baseline_;
  const GateOptions& options_;
  double work_, interval_;
  double phi_ = 1;
  std::vector<GateLeak> leaks_;
  std::set<SiteKey> seen_;
  std::set<const SiteLimit*> limits_used_;
  GateResult result_;
};

}  // namespace

GateResult Gate(const std::vector<GateRun>& runs, const Baseline& baseline,
                const Suppressions& suppressions, const GateOptions& options) {
  return Gatekeeper(runs, baseline, options).Judge(suppressions);
}

void AcceptAsBaseline(const std::string& file, GateResult& result) {
  result.written_baseline = file;
  result.inconclusive_because = result.unlimited_because;
  bool fails = result.over_total || !result.failed_tests.empty();
  for (GateSite& site : result.sites) {
    site.accepted = !site.suppressed && site.change.change >= Change::kUnclear;
    fails |= !site.suppressed && site.over_limit;
  }
  result.verdict = fails                                 ? GateVerdict::kFail
                   : result.inconclusive_because.empty() ? GateVerdict::kPass
                                                         : GateVerdict::kInconclusive;
}

}  // namespace leaktrack
