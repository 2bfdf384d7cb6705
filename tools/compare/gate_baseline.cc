// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/gate_baseline.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/compare/statistics.h"

namespace leaktrack {
namespace {

// Runs of another day, on a machine with other work, differ by so much more than consecutive runs.
constexpr double kDrift = .1;
constexpr double kMostFreedRatio = 4;  // beyond this, it is another program
// Not surely worse, but too much more to be called known.
constexpr double kDoubtfulRatio = 1.5;
// Sampled blocks, all runs. Growth by fewer is not accused by the next runs either.
constexpr double kMinCount = 6;

void AddEntry(const SiteKey& key, const BaselineEntry& entry, BaselineMatch& match) {
  match.entry.leaks = (!match.keys.empty() && match.entry.leaks) || entry.leaks;
  match.keys.push_back(key);
  match.entry.blocks += entry.blocks;
  match.entry.bytes += entry.bytes;
  if (entry.deviation)
    match.entry.deviation = std::hypot(match.entry.deviation.value_or(0), *entry.deviation);
}

double PerUnit(const std::vector<GateRun>& runs, double RunCounts::*amount) {
  const double work = WorkOf(runs);
  double sum = 0;
  for (const GateRun& run : runs) sum += run.counts.*amount;
  return work > 0 ? sum / work : 0;
}

// Compares in the units of the tests.
class Comparer {
 public:
  Comparer(const GateLeak& leak, const BaselineMatch& match, const Baseline& baseline,
           const std::vector<GateRun>& runs, const CompareOptions& options, SiteChange& change)
      : leak_(leak),
        match_(match),
        baseline_(baseline),
        runs_(runs),
        options_(options),
        change_(change),
        every_block_(IsAtExit(options.mode) && IntervalOf(runs) <= 1 && baseline.interval <= 1),
        work_(WorkOf(runs)),
        base_work_(static_cast<double>(baseline.runs) * work_ / static_cast<double>(runs.size())) {}

  Standing Judge(double phi) {
    const bool fresh = match_.keys.empty();
    const Change worse = fresh || !match_.entry.leaks ? Change::kNewLeak : Change::kWorse;
    if (fresh && (baseline_.runs == 0 || (every_block_ && leak_.in_every_run()))) return {worse};
    const bool beyond_chance = BeyondChance(phi);
    // By the chance of sampling alone. The scatter of runs is the next question.
    const bool more =
        (beyond_chance || CountsP(1) <= options_.max_q) && Ratio() >= options_.min_ratio;
    const Change same = fresh ? Change::kUnchanged : Change::kKnown;
    if (every_block_ && Certain()) return {Ratio() >= options_.min_ratio ? worse : same};
    if (!more && every_block_ && fresh) return {Change::kUnclear, Scatters()};
    if (!more) return {same};
    const double freed = FreedRatio();
    if (Ratio() < freed * options_.min_ratio) return {same};  // more leaks in more work
    if (beyond_chance && BeyondTheRuns(freed) <= options_.max_q) return {worse};
    if (Ratio() < freed * kDoubtfulRatio) return {same};
    const bool by_work = beyond_chance && BeyondTheRuns(1) <= options_.max_q;
    return {Change::kUnclear, by_work ? DoesMore(freed) : Scatters()};
  }

 private:
  double Ratio() const {
    if (change_.base_bytes > 0) return change_.now_bytes / change_.base_bytes;
    return change_.base_blocks > 0 ? change_.now_blocks / change_.base_blocks : HUGE_VAL;
  }

  // No run differs from another on either side, and nothing was left to chance.
  bool Certain() const {
    const Spread now = SpreadOf(leak_.bytes);
    return match_.entry.deviation == 0 && baseline_.runs > 1 && now.runs > 1 && now.deviation == 0;
  }

  // The baseline was measured too. It stands for as many samples as its bytes.
  bool BeyondChance(double phi) {
    change_.phi = OwnDispersion({leak_.counts}, phi);
    change_.base_count = change_.bytes_per_count > 0
                             ? match_.entry.bytes * base_work_ / change_.bytes_per_count
                             : match_.entry.blocks * base_work_;
    change_.p = change_.q = CountsP(change_.phi);
    change_.lower_bytes =
        change_.bytes_per_count *
        DifferenceLowerBound(change_.base_count, base_work_, change_.now_count, work_, change_.phi);
    return change_.p <= options_.max_q &&
           (change_.lower_bytes >= options_.min_bytes || options_.min_bytes <= 1);
  }

  double CountsP(double phi) const {
    return HigherRateP(change_.base_count, base_work_, change_.now_count, work_, phi);
  }

  // P of more than this, if the program did `scale` times the work of the baseline.
  double BeyondTheRuns(double scale) const {
    if (every_block_ && !match_.entry.deviation) return 0;  // no other difference is known
    const bool known = match_.entry.deviation || match_.keys.empty();
    const Spread base{scale * match_.entry.bytes, scale * match_.entry.deviation.value_or(0),
                      known ? baseline_.runs : 1};
    const bool drifts = !every_block_ && baseline_.unit == "run";
    return HigherMeanP(base, SpreadOf(leak_.bytes), drifts ? kDrift : 0);
  }

  // How much more the runs freed than the baseline. Freed memory does not leak. It tells how much
  // work a program did.
  double FreedRatio() const {
    if (IsAtExit(options_.mode) || baseline_.unit != "run") return 1;
    const double freed = PerUnit(runs_, &RunCounts::freed_bytes);
    if (baseline_.freed_bytes <= 0) return 1;
    return std::clamp(freed / baseline_.freed_bytes, 1.0, kMostFreedRatio);
  }

  std::string Amounts() const {
    const std::string name = SafeText(change_.key.front());
    const std::string now = FormatSize(change_.now_bytes);
    return match_.keys.empty() ? absl::StrCat(name, " is not in the baseline and loses ", now)
                               : absl::StrCat(name, " loses ", now, " (",
                                              FormatSize(change_.base_bytes), " in the baseline)");
  }
  std::string Scatters() const {
    return absl::StrCat(
        Amounts(), ", but single runs differ by ", FormatSize(SpreadOf(leak_.bytes).deviation),
        " (standard deviation): more runs would tell (--runs ", 3 * runs_.size(), ")");
  }
  std::string DoesMore(double ratio) const {
    return absl::StrCat(Amounts(), ", but the program also freed ", absl::StrFormat("%.1f", ratio),
                        " times as much, so it may have done more work rather than leak more: "
                        "count its work (leaktrack_work_add), or write a new baseline");
  }

  const GateLeak& leak_;
  const BaselineMatch& match_;
  const Baseline& baseline_;
  const std::vector<GateRun>& runs_;
  const CompareOptions& options_;
  SiteChange& change_;
  bool every_block_;
  double work_, base_work_;
};

bool WorthAnEntry(const GateLeak& leak, double bytes, const CompareOptions& options) {
  if (leak.sum.suppressed || leak.sum.blocks <= 0 || !Matters(bytes, options)) return false;
  return leak.leaks() || IsAtExit(options.mode) || leak.sum.count >= kMinCount;
}

}  // namespace

BaselineMatch FindInBaseline(const Baseline& baseline, const SiteKey& key, CountMode mode) {
  BaselineMatch match;
  const auto same = baseline.entries.find(key);
  if (same != baseline.entries.end()) {
    AddEntry(key, same->second, match);
    return match;
  }
  for (const auto& [name, entry] : baseline.entries) {
    if (mode == CountMode::kGrown && BeginsWith(name, key)) AddEntry(name, entry, match);
  }
  if (!match.keys.empty()) return match;
  size_t found = 0;
  for (const auto& [name, entry] : baseline.entries) {
    if (Suffix(name, kSuffixDepth) != Suffix(key, kSuffixDepth)) continue;
    if (++found > 1) return {};
    match.by_suffix = true;
    AddEntry(name, entry, match);
  }
  return match;
}

Standing StandingOf(const GateLeak& leak, const BaselineMatch& match, const Baseline& baseline,
                    const std::vector<GateRun>& runs, double phi, const CompareOptions& options,
                    SiteChange& change) {
  return Comparer(leak, match, baseline, runs, options, change).Judge(phi);
}

bool Matters(double bytes, const CompareOptions& options) {
  return bytes >= options.min_bytes || (IsAtExit(options.mode) && options.min_bytes <= 1);
}

Baseline MeasuredBaseline(const std::vector<GateRun>& runs, const std::vector<GateLeak>& leaks,
                          const CompareOptions& options) {
  Baseline measured;
  measured.runs = std::max<size_t>(1, runs.size());
  measured.mode = options.mode;
  measured.interval = IntervalOf(runs);
  measured.unit = UnitOf(runs);
  if (options.mode == CountMode::kGrown && measured.unit == "run")
    measured.freed_bytes = PerUnit(runs, &RunCounts::freed_bytes);
  const double work = WorkOf(runs);
  for (const GateLeak& leak : leaks) {
    if (work <= 0 || !WorthAnEntry(leak, leak.sum.bytes / work, options)) continue;
    BaselineEntry entry{leak.sum.blocks / work, leak.sum.bytes / work, {}, leak.leaks(), {}};
    const Spread spread = SpreadOf(leak.bytes);
    if (spread.runs > 1) entry.deviation = spread.deviation;
    if (options.mode == CountMode::kLost) entry.kept = KeptHow::kLost;
    measured.entries[leak.sum.key] = std::move(entry);
  }
  for (const SiteCount& site : ReachableOf(runs)) {
    if (work <= 0 || !Matters(site.bytes / work, options)) continue;
    BaselineEntry entry{site.blocks / work, site.bytes / work, {}, false, {}};
    entry.kept = KeptHow::kReachable;
    measured.reachable[site.key] = std::move(entry);
  }
  return measured;
}

Baseline MakeBaseline(const GateResult& result, const Baseline& old) {
  Baseline fresh = result.measured;
  const CountMode mode = fresh.mode.value_or(CountMode::kGrown);
  for (auto& [key, entry] : fresh.entries) {
    const BaselineMatch before = FindInBaseline(old, key, mode);
    for (const SiteKey& name : before.keys) {
      const std::vector<std::string>& comments = old.entries.at(name).comments;
      entry.comments.insert(entry.comments.end(), comments.begin(), comments.end());
    }
  }
  for (auto& [key, entry] : fresh.reachable) {
    const auto before = old.reachable.find(key);
    if (before != old.reachable.end()) entry.comments = before->second.comments;
  }
  return fresh;
}

}  // namespace leaktrack
