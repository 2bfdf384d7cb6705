// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/earlier_looks.h"

#include <algorithm>
#include <set>
#include <vector>

#include "tools/analysis/detect/leak_probability.h"
#include "tools/analysis/detect/signs.h"
#include "tools/analysis/model/stats.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

constexpr size_t kManyFunctions = 5;
constexpr double kManyShare = 0.02;
constexpr double kUrgentHours = 24;
constexpr double kGrown = 0.95;  // of the blocks: after it, growth has stopped

struct PastLook {
  std::vector<Verdict> verdicts;  // by hypothesis
};

Judgement JudgePast(const Hypothesis& hypothesis, const Look& look, LeakSigns* signs) {
  const Judgement& now = hypothesis.judgement;
  const SiteHistory& whole = hypothesis.candidate.history;
  const SiteHistory past =
      now.size_from > 0 ? AsOf(OfSizes(whole, now.size_from, now.size_to), look.window.end_ms)
                        : AsOf(whole, look.window.end_ms);
  Judgement judgement = Test(past, look);
  if (judgement.testable) *signs = SignsOf(past, judgement, look);
  return judgement;
}

PastLook LookBack(const std::vector<Hypothesis>& hypotheses, double end_ms, const Look& last) {
  std::optional<Clock> work;
  if (last.work != nullptr) work = last.work->Until(end_ms);
  Look look = last;
  look.window = Window::Of(static_cast<uint64_t>(end_ms));
  look.work = work ? &*work : nullptr;
  look.enough_work = false;
  std::vector<Judgement> judgements(hypotheses.size());
  std::vector<LeakSigns> signs(hypotheses.size());
  ParallelFor(hypotheses.size(),
              [&](size_t i) { judgements[i] = JudgePast(hypotheses[i], look, &signs[i]); });
  std::vector<double> p_values;
  for (const Judgement& judgement : judgements) {
    if (judgement.testable) p_values.push_back(judgement.p);
  }
  const std::vector<double> q_values = BenjaminiHochberg(p_values);
  std::vector<bool> significant(hypotheses.size());
  for (size_t i = 0, next = 0; i < judgements.size(); ++i) {
    if (judgements[i].testable) significant[i] = IsSignificant(judgements[i], q_values[next++]);
  }
  const Surroundings beside = WhatGrows(
      hypotheses, [&](size_t i) { return judgements[i].testable; },
      [&](size_t i) { return significant[i]; });
  PastLook past;
  for (size_t i = 0; i < judgements.size(); ++i) {
    signs[i].growing_functions = beside.functions;
    signs[i].growing_share = beside.share;
    const double probability = LeakProbability(signs[i], look.prior);
    past.verdicts.push_back(Decide(judgements[i], significant[i], probability));
  }
  return past;
}

std::vector<PastLook> LooksBefore(const std::vector<Hypothesis>& hypotheses, const Look& last) {
  std::vector<PastLook> looks;
  for (double end_ms = kFirstLookSeconds * 1e3; end_ms <= last.window.end_ms / 2; end_ms *= 2) {
    looks.push_back(LookBack(hypotheses, end_ms, last));
  }
  return looks;
}

bool Accused(const PastLook& look, size_t hypothesis) {
  return look.verdicts[hypothesis] >= Verdict::kSuspect;
}

// Twice in a row, or once without a doubt.
bool WasAccused(const std::vector<PastLook>& looks, size_t hypothesis) {
  for (size_t i = 0; i < looks.size(); ++i) {
    if (looks[i].verdicts[hypothesis] == Verdict::kLeak) return true;
    if (i > 0 && Accused(looks[i - 1], hypothesis) && Accused(looks[i], hypothesis)) return true;
  }
  return false;
}

bool IsWarmingUp(const std::vector<Hypothesis>& hypotheses, const Window& window) {
  if (window.end_ms >= kWarmUpMaxSeconds * 1e3) return false;
  std::set<std::vector<uint32_t>> functions;
  size_t tested = 0;
  for (const Hypothesis& hypothesis : hypotheses) {
    tested += hypothesis.judgement.testable;
    if (hypothesis.significant) functions.insert(SuffixKey(hypothesis.candidate, 1));
  }
  return functions.size() >
         std::max(kManyFunctions, static_cast<size_t>(kManyShare * static_cast<double>(tested)));
}

bool Urgent(const Hypothesis& hypothesis, std::optional<double> headroom_bytes) {
  return headroom_bytes && hypothesis.judgement.growth &&
         hypothesis.judgement.growth->low * kUrgentHours > *headroom_bytes;
}

}  // namespace

bool ReplayLooks(std::vector<Hypothesis>& hypotheses, const Look& last,
                 std::optional<double> headroom_bytes) {
  const std::vector<PastLook> looks = LooksBefore(hypotheses, last);
  const bool warming_up = IsWarmingUp(hypotheses, last.window);
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    Hypothesis& hypothesis = hypotheses[i];
    if (!hypothesis.Accused()) {
      if (WasAccused(looks, i)) hypothesis.state = State::kRetracted;
      continue;
    }
    const bool twice = !looks.empty() && Accused(looks.back(), i);
    const bool long_enough = last.window.end_ms >= kConfirmMinSeconds * 1e3;
    const bool held = warming_up && !Urgent(hypothesis, headroom_bytes);
    if (twice && hypothesis.judgement.strict && long_enough && !held)
      hypothesis.state = State::kConfirmed;
  }
  return warming_up;
}

Plateau PlateauOf(const SiteHistory& history) {
  Plateau plateau;
  for (const WeightedBlock& block : history.survivors) plateau.bytes += block.Bytes();
  double sum = 0;
  for (const WeightedBlock& block : history.survivors) {
    sum += block.Bytes();
    plateau.after_seconds = block.birth_ms / 1e3;
    if (sum >= kGrown * plateau.bytes) break;
  }
  return plateau;
}

}  // namespace leaktrack
