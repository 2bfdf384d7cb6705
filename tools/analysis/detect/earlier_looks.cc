// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/earlier_looks.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "tools/analysis/detect/leak_probability.h"
#include "tools/analysis/detect/look_times.h"
#include "tools/analysis/detect/signs.h"
#include "tools/analysis/model/stats.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

constexpr size_t kManyFunctions = 5;
constexpr double kManyShare = 0.02;
constexpr double kUrgentHours = 24;
constexpr double kLeakHeld = .975, kSuspectHeld = .65;
constexpr double kGrown = 0.95;  // of the blocks: after it, growth has stopped

struct PastLook {
  std::vector<bool> grew, strictly;  // by hypothesis: more than chance explains
};

SiteHistory PastOf(const Hypothesis& hypothesis, double end_ms) {
  const Judgement& now = hypothesis.judgement;
  const SiteHistory& whole = hypothesis.candidate.history;
  return now.size_from > 0 ? AsOf(OfSizes(whole, now.size_from, now.size_to), end_ms)
                           : AsOf(whole, end_ms);
}

Look PastLookOf(const Look& last, double end_ms, const std::optional<Clock>& work) {
  Look look = last;
  look.window = Window::Of(static_cast<uint64_t>(end_ms));
  look.work = work ? &*work : nullptr;
  look.enough_work = false;
  return look;
}

PastLook LookBack(const std::vector<Hypothesis>& hypotheses, double end_ms, const Look& last) {
  std::optional<Clock> work;
  if (last.work != nullptr) work = last.work->Until(end_ms);
  const Look look = PastLookOf(last, end_ms, work);
  std::vector<Judgement> judgements(hypotheses.size());
  ParallelFor(hypotheses.size(),
              [&](size_t i) { judgements[i] = Test(PastOf(hypotheses[i], end_ms), look); });
  std::vector<double> p_values;
  for (const Judgement& judgement : judgements) {
    if (judgement.testable) p_values.push_back(judgement.p);
  }
  const std::vector<double> q_values = BenjaminiHochberg(p_values);
  std::vector<bool> significant(hypotheses.size());
  for (size_t i = 0, next = 0; i < judgements.size(); ++i) {
    if (judgements[i].testable) significant[i] = IsSignificant(judgements[i], q_values[next++]);
  }
  PastLook past;
  past.grew = significant;
  for (size_t i = 0; i < judgements.size(); ++i)
    past.strictly.push_back(significant[i] && judgements[i].strict);
  return past;
}

std::vector<PastLook> LooksBefore(const std::vector<Hypothesis>& hypotheses, const Look& last) {
  std::vector<PastLook> looks;
  for (double end_ms = kFirstLookSeconds * 1e3; end_ms <= last.window.end_ms / 2; end_ms *= 2) {
    looks.push_back(LookBack(hypotheses, end_ms, last));
  }
  return looks;
}

// Twice in a row, or once without a doubt.
bool HasGrown(const std::vector<PastLook>& looks, size_t hypothesis) {
  for (size_t i = 0; i < looks.size(); ++i) {
    if (looks[i].strictly[hypothesis]) return true;
    if (i > 0 && looks[i - 1].grew[hypothesis] && looks[i].grew[hypothesis]) return true;
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

// What else grows is taken to be the same: the anchors are near.
double ProbabilityAt(const Hypothesis& hypothesis, double end_ms, const Look& last) {
  std::optional<Clock> work;
  if (last.work != nullptr) work = last.work->Until(end_ms);
  const Look look = PastLookOf(last, end_ms, work);
  const SiteHistory past = PastOf(hypothesis, end_ms);
  const Judgement judgement = Test(past, look);
  if (!judgement.testable) return 0;
  LeakSigns signs = SignsOf(past, judgement, look);
  signs.joined = hypothesis.signs.joined;
  signs.growing_functions = hypothesis.signs.growing_functions;
  signs.growing_share = hypothesis.signs.growing_share;
  return LeakProbability(signs, look.prior);
}

// What passed a bound at one of the last looks, and has not fallen far below it since.
void Hold(Hypothesis& hypothesis, const Look& last) {
  for (const auto& [bound, held] :
       {std::pair{kLeakFrom, kLeakHeld}, {kSuspectFrom, kSuspectHeld}}) {
    if (hypothesis.probability >= bound) return;
    if (hypothesis.probability < held) continue;
    const std::vector<double> anchors = AnchorsMs(last.window.end_ms);
    if (std::ranges::none_of(anchors, [&, bound = bound](double end_ms) {
          return ProbabilityAt(hypothesis, end_ms, last) >= bound;
        }))
      continue;
    hypothesis.probability = bound;
    hypothesis.verdict = Decide(hypothesis.judgement, hypothesis.significant, bound);
    return;
  }
}

}  // namespace

void HoldVerdicts(std::vector<Hypothesis>& hypotheses, const Look& last) {
  ParallelFor(hypotheses.size(), [&](size_t i) {
    if (hypotheses[i].verdict != Verdict::kNone) Hold(hypotheses[i], last);
  });
}

bool ReplayLooks(std::vector<Hypothesis>& hypotheses, const Look& last,
                 std::optional<double> headroom_bytes) {
  const std::vector<PastLook> looks = LooksBefore(hypotheses, last);
  const bool warming_up = IsWarmingUp(hypotheses, last.window);
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    Hypothesis& hypothesis = hypotheses[i];
    if (!hypothesis.significant) {
      if (HasGrown(looks, i)) hypothesis.state = State::kRetracted;
      continue;
    }
    const bool twice = !looks.empty() && looks.back().grew[i];
    const bool long_enough = last.window.end_ms >= kConfirmMinSeconds * 1e3;
    const bool held = warming_up && !Urgent(hypothesis, headroom_bytes);
    if (hypothesis.Accused() && twice && hypothesis.judgement.strict && long_enough && !held)
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
