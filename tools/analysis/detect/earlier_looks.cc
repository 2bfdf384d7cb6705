// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/earlier_looks.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "tools/analysis/model/stats.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

constexpr size_t kManyFunctions = 5;
constexpr double kManyShare = 0.02;
constexpr double kUrgentHours = 24;
constexpr double kGrown = 0.95;  // of the blocks: after it, growth has stopped

struct PastLook {
  double end_ms = 0;
  std::vector<Verdict> verdicts;  // by hypothesis
};

PastLook LookBack(const std::vector<Hypothesis>& hypotheses, double end_ms, const Look& last) {
  PastLook past;
  past.end_ms = end_ms;
  std::optional<Clock> work;
  if (last.work != nullptr) work = last.work->Until(end_ms);
  const Look look{Window::Of(static_cast<uint64_t>(end_ms)), work ? &*work : nullptr, false};
  std::vector<Judgement> judgements(hypotheses.size());
  ParallelFor(hypotheses.size(), [&](size_t i) {
    const Judgement& now = hypotheses[i].judgement;
    const SiteHistory& history = hypotheses[i].candidate.history;
    judgements[i] = now.size_from > 0
                        ? Test(AsOf(OfSizes(history, now.size_from, now.size_to), end_ms), look)
                        : Test(AsOf(history, end_ms), look);
  });
  std::vector<double> p_values;
  for (const Judgement& judgement : judgements) {
    if (judgement.testable) p_values.push_back(judgement.p);
  }
  const std::vector<double> q_values = BenjaminiHochberg(p_values);
  size_t next = 0;
  for (const Judgement& judgement : judgements) {
    past.verdicts.push_back(Decide(judgement, judgement.testable ? q_values[next++] : 1, look));
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
    if (hypothesis.Accused()) functions.insert(SuffixKey(hypothesis.candidate, 1));
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
