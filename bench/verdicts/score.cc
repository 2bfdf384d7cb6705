// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/score.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "tools/report/words/names.h"

namespace leaktrack::verdicts {
namespace {

constexpr double kEnoughSurvivors = 8;

bool Accused(const SiteResult& result) { return result.verdict >= Verdict::kSuspect; }

enum class Nature { kLeak, kHard, kHealthy };

class Holder {
 public:
  Holder(const Truth& truth, const Analysis& analysis) : truth_(truth), analysis_(analysis) {}

  Score Run() {
    score_.programs = 1;
    for (const Site& site : truth_.program.sites) {
      const Unit& unit = truth_.program.units[site.unit];
      score_.site_windows += !unit.leak && !unit.hard;
    }
    for (size_t i = 0; i < analysis_.sites.size(); ++i) TakeEntry(i);
    for (size_t u = 0; u < truth_.program.units.size(); ++u) {
      if (truth_.program.units[u].leak) TakeLeak(u);
    }
    TakeRanks();
    return score_;
  }

 private:
  const Unit& UnitOf(uint32_t site) const {
    return truth_.program.units[truth_.program.sites[site].unit];
  }

  // The unit that an entry stands for: a leak if it contains one.
  const Unit* UnitOfEntry(size_t entry) const {
    const Unit* chosen = nullptr;
    for (const uint32_t site : truth_.sites_of_result[entry]) {
      const Unit& unit = UnitOf(site);
      if (chosen == nullptr || (!chosen->leak && (unit.leak || (unit.hard && !chosen->hard))))
        chosen = &unit;
    }
    return chosen;
  }

  Nature NatureOf(size_t entry) const {
    const Unit* unit = UnitOfEntry(entry);
    if (unit == nullptr) return Nature::kHealthy;
    return unit->leak ? Nature::kLeak : unit->hard ? Nature::kHard : Nature::kHealthy;
  }

  void TakeEntry(size_t entry) {
    const SiteResult& result = analysis_.sites[entry];
    const Unit* unit = UnitOfEntry(entry);
    if (unit == nullptr) return;
    const Nature nature = NatureOf(entry);
    if (nature == Nature::kLeak) {
      if (Accused(result)) TakeFoundEntry(*unit, result);
    } else if (result.live_objects > 0 && !unit->hard) {
      TakeHealthyTrend(*unit, result);
    }
    if (!Accused(result)) return;
    const bool leak = result.verdict == Verdict::kLeak;
    if (nature == Nature::kLeak) ++(leak ? score_.true_leaks : score_.true_suspects);
    if (nature == Nature::kHard) ++(leak ? score_.hard_leaks : score_.hard_suspects);
    if (nature != Nature::kHealthy) return;
    ++(leak ? score_.false_leaks : score_.false_suspects);
    ++score_.accused[unit->kind + (leak ? "" : " (suspect)")];
  }

  void TakeHealthyTrend(const Unit& unit, const SiteResult& result) {
    if (!result.p_value) return;  // too few blocks to say
    ++score_.confusion[unit.kind][Name(result.trend)];
    score_.class_of_others.Add(std::ranges::find(unit.trends, result.trend) != unit.trends.end() ||
                               result.trend == Trend::kInsufficient);
  }

  void TakeFoundEntry(const Unit& unit, const SiteResult& result) {
    ++score_.confusion[unit.kind][Name(result.trend)];
    score_.class_of_leaks.Add(std::ranges::find(unit.trends, result.trend) != unit.trends.end());
    score_.best_class_of_leaks.Add(result.trend == unit.trends.front());
    if (result.stack.empty()) return;
    const auto is_culprit = [&](size_t i) {
      return i < result.stack.size() && result.stack[i].function == unit.culprit;
    };
    score_.blamed_first.Add(is_culprit(result.blame));
    score_.blamed_in_three.Add(is_culprit(result.blame) || is_culprit(result.blame + 1) ||
                               is_culprit(result.blame + 2));
  }

  void TakeLeak(size_t number) {
    const Unit& unit = truth_.program.units[number];
    const double leaked = unit.leaked_bytes(truth_.program.end_ms) / truth_.interval;
    Verdict best = Verdict::kNone;
    bool named = false;
    double rate = 0, low = 0, high = 0;
    for (size_t i = 0; i < analysis_.sites.size(); ++i) {
      if (!analysis_.sites[i].significant && !Accused(analysis_.sites[i])) continue;
      if (!Holds(i, number)) continue;
      named = true;
      if (!Accused(analysis_.sites[i])) continue;
      const SiteResult& result = analysis_.sites[i];
      best = std::max(best, result.verdict);
      if (!result.growth || UnitOfEntry(i) != &unit) continue;
      rate += result.growth->mid, low += result.growth->low, high += result.growth->high;
    }
    const bool found = best >= Verdict::kSuspect;
    for (size_t bin = 0; bin < score_.recall.size(); ++bin) {
      if (leaked >= kRecallFrom[bin] && leaked < kRecallFrom[bin + 1])
        score_.recall[bin].Add(found);
    }
    if (leaked >= 16) score_.recall_16.Add(found);
    if (leaked >= 32) score_.found[unit.kind].Add(found);
    if (leaked >= 64) {
      score_.recall_64.Add(found);
      score_.leak_recall_64.Add(best == Verdict::kLeak);
      score_.named_64.Add(named);
    }
    if (!found || rate <= 0 || !unit.steady) return;
    score_.rate_errors.push_back(std::abs(rate / unit.bytes_per_hour - 1));
    score_.rate_covered.Add(low <= unit.bytes_per_hour && unit.bytes_per_hour <= high);
  }

  bool Holds(size_t entry, size_t unit) const {
    const auto& sites = truth_.sites_of_result[entry];
    return std::ranges::any_of(
        sites, [&](uint32_t site) { return truth_.program.sites[site].unit == unit; });
  }

  void TakeRanks() {
    int rank = 0, rank_with_hard = 0, found_at = 0;
    for (size_t i = 0; i < analysis_.sites.size() && rank < 5; ++i) {
      if (!Accused(analysis_.sites[i])) break;
      const Nature nature = NatureOf(i);
      const bool leak = nature == Nature::kLeak;
      if (++rank_with_hard == 1) score_.first_with_hard.Add(leak);
      if (rank_with_hard <= 5) score_.first_five_with_hard.Add(leak);
      if (nature == Nature::kHard) continue;
      if (++rank == 1) score_.first.Add(leak);
      score_.first_five.Add(leak);
      if (leak && found_at == 0) found_at = rank;
    }
    if (found_at != 0) score_.reciprocal_rank += 1.0 / found_at;
  }

  const Truth& truth_;
  const Analysis& analysis_;
  Score score_;
};

void AddShare(Share& to, const Share& from) { to.part += from.part, to.all += from.all; }

}  // namespace

Score Hold(const Truth& truth, const Analysis& analysis) { return Holder(truth, analysis).Run(); }

void Score::Add(const Score& o) {
  programs += o.programs, site_windows += o.site_windows;
  true_leaks += o.true_leaks, false_leaks += o.false_leaks, hard_leaks += o.hard_leaks;
  true_suspects += o.true_suspects, false_suspects += o.false_suspects,
      hard_suspects += o.hard_suspects;
  for (size_t i = 0; i < recall.size(); ++i) AddShare(recall[i], o.recall[i]);
  const std::pair<Share*, const Share*> shares[] = {
      {&recall_16, &o.recall_16},
      {&recall_64, &o.recall_64},
      {&leak_recall_64, &o.leak_recall_64},
      {&named_64, &o.named_64},
      {&first, &o.first},
      {&first_five, &o.first_five},
      {&first_with_hard, &o.first_with_hard},
      {&first_five_with_hard, &o.first_five_with_hard},
      {&class_of_leaks, &o.class_of_leaks},
      {&best_class_of_leaks, &o.best_class_of_leaks},
      {&class_of_others, &o.class_of_others},
      {&rate_covered, &o.rate_covered},
      {&blamed_first, &o.blamed_first},
      {&blamed_in_three, &o.blamed_in_three}};
  for (const auto& [to, from] : shares) AddShare(*to, *from);
  reciprocal_rank += o.reciprocal_rank;
  for (const auto& [kind, trends] : o.confusion) {
    for (const auto& [trend, count] : trends) confusion[kind][trend] += count;
  }
  rate_errors.insert(rate_errors.end(), o.rate_errors.begin(), o.rate_errors.end());
  for (const auto& [kind, count] : o.accused) accused[kind] += count;
  for (const auto& [kind, share] : o.found) AddShare(found[kind], share);
  seconds += o.seconds;
}

}  // namespace leaktrack::verdicts
