// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/hypotheses.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "tools/analysis/detect/leak_probability.h"
#include "tools/analysis/detect/signs.h"
#include "tools/analysis/model/stats.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

constexpr size_t kMergeDepths[] = {8, 5, 3, 2, 1};
constexpr size_t kMinPaths = 3;
constexpr size_t kMinMixed = 16;  // blocks, before sizes are looked at one by one

void WeighAll(std::vector<Hypothesis>& hypotheses) {
  std::vector<double> p_values;
  for (const Hypothesis& hypothesis : hypotheses) {
    if (hypothesis.judgement.testable) p_values.push_back(hypothesis.judgement.p);
  }
  const std::vector<double> q_values = BenjaminiHochberg(p_values);
  size_t next = 0;
  for (Hypothesis& hypothesis : hypotheses) {
    if (hypothesis.judgement.testable) hypothesis.q = q_values[next++];
    hypothesis.significant = IsSignificant(hypothesis.judgement, hypothesis.q);
  }
}

// Blocks that outlived the warm-up, by the power of two of their size.
std::map<int, size_t> SizeClasses(const SiteHistory& history, const Window& window) {
  std::map<int, size_t> classes;
  for (const WeightedBlock& block : history.survivors) {
    if (block.birth_ms >= window.warm_up_ms) ++classes[std::ilogb(std::max(block.size, 1.0))];
  }
  return classes;
}

// Other sizes that die old hide the one that does not.
void TestSizes(Hypothesis& hypothesis, const Look& look) {
  if (hypothesis.significant || hypothesis.judgement.never_dies.p <= kMaxP) return;
  const std::map<int, size_t> classes = SizeClasses(hypothesis.candidate.history, look.window);
  if (classes.size() < 2) return;
  for (const auto& [octave, count] : classes) {
    if (count < kMinMixed) continue;
    const double from = std::ldexp(1, octave);
    const SiteHistory part = OfSizes(hypothesis.candidate.history, from, 2 * from);
    Judgement judgement = Test(part, look);
    if (!judgement.testable || judgement.channel != Channel::kImmortals) continue;
    judgement.p = std::min(1.0, judgement.p * static_cast<double>(classes.size()));
    if (judgement.p > kManyTriesMaxP) continue;
    Describe(part, look, judgement);
    judgement.size_from = from;
    judgement.size_to = 2 * from;
    hypothesis.judgement = judgement;
    hypothesis.q = judgement.p;
    hypothesis.significant = true;
    return;
  }
}

struct Sum {
  Hypothesis hypothesis;
  std::vector<size_t> members;
};

// Several that grow about as fast as each other, or none.
bool IsOneLeak(const std::vector<Hypothesis>& hypotheses, const std::vector<size_t>& members) {
  size_t growing = 0;
  double sum = 0;
  double most = 0;
  for (const size_t i : members) {
    const Hypothesis& hypothesis = hypotheses[i];
    if (!hypothesis.significant) continue;
    if (hypothesis.judgement.channel != Channel::kImmortals || !hypothesis.judgement.growth)
      return false;
    ++growing;
    sum += hypothesis.judgement.growth->mid;
    most = std::max(most, hypothesis.judgement.growth->mid);
  }
  return growing >= kMinPaths && most < sum / 2;
}

std::vector<Sum> JudgeSums(const std::vector<Hypothesis>& hypotheses, size_t depth,
                           const Look& look) {
  std::map<std::vector<uint32_t>, std::vector<size_t>> groups;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    std::vector<uint32_t> key = SuffixKey(hypotheses[i].candidate, depth);
    if (!key.empty()) groups[std::move(key)].push_back(i);
  }
  std::vector<Sum> sums;
  for (auto& [key, members] : groups) {
    if (!IsOneLeak(hypotheses, members))
      std::erase_if(members, [&](size_t i) { return hypotheses[i].significant; });
    if (members.size() > 1) sums.push_back({{}, std::move(members)});
  }
  ParallelFor(sums.size(), [&](size_t s) {
    std::vector<const Candidate*> parts;
    for (const size_t i : sums[s].members) parts.push_back(&hypotheses[i].candidate);
    Hypothesis& hypothesis = sums[s].hypothesis;
    hypothesis.candidate = Merge(parts, depth);
    hypothesis.judgement = Test(hypothesis.candidate.history, look);
    const bool may_be = hypothesis.judgement.testable && hypothesis.judgement.p <= kManyTriesMaxP;
    if (!may_be) hypothesis.candidate = {};  // its blocks are all elsewhere already
  });
  return sums;
}

// Those that call the same function as the sum does, and do not grow for sure.
std::vector<const Candidate*> OtherUsers(const std::vector<Hypothesis>& hypotheses,
                                         const std::vector<const Candidate*>& grown,
                                         const Candidate& sum) {
  const std::vector<uint32_t> key = SuffixKey(sum, 1);
  std::vector<const Candidate*> users;
  for (const Hypothesis& hypothesis : hypotheses) {
    const Candidate* candidate = &hypothesis.candidate;
    if (hypothesis.significant || std::ranges::find(grown, candidate) != grown.end()) continue;
    if (SuffixKey(*candidate, 1) == key) users.push_back(candidate);
  }
  return users;
}

bool Grew(const Hypothesis& hypothesis) { return hypothesis.judgement.wall.blocks > 0; }

// The members that grew are swallowed by a sum that grows significantly, the others stay.
void TestSums(std::vector<Hypothesis>& hypotheses, size_t depth, const Look& look) {
  std::vector<Sum> sums = JudgeSums(hypotheses, depth, look);
  std::vector<Hypothesis> judged;
  judged.reserve(sums.size());
  for (Sum& sum : sums) judged.push_back(std::move(sum.hypothesis));
  WeighAll(judged);
  std::vector<bool> swallowed(hypotheses.size());
  std::vector<Hypothesis> grown_sums;
  for (size_t s = 0; s < sums.size(); ++s) {
    if (!judged[s].significant || judged[s].judgement.p > kManyTriesMaxP) continue;
    std::vector<const Candidate*> grown;
    for (const size_t i : sums[s].members) {
      if (!Grew(hypotheses[i])) continue;
      grown.push_back(&hypotheses[i].candidate);
      swallowed[i] = true;
    }
    Describe(judged[s].candidate.history, look, judged[s].judgement);
    if (grown.size() > 1) judged[s].candidate = Merge(grown, depth);
    PointAtOwner(grown, OtherUsers(hypotheses, grown, judged[s].candidate), look.window.warm_up_ms,
                 judged[s].candidate);
    grown_sums.push_back(std::move(judged[s]));
  }
  if (grown_sums.empty()) return;
  std::vector<Hypothesis> left;
  left.reserve(hypotheses.size() + grown_sums.size());
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    if (!swallowed[i]) left.push_back(std::move(hypotheses[i]));
  }
  for (Hypothesis& hypothesis : grown_sums) left.push_back(std::move(hypothesis));
  hypotheses = std::move(left);
}

void CallByProbability(std::vector<Hypothesis>& hypotheses, const Look& look) {
  const Surroundings beside = WhatGrows(
      hypotheses, [&](size_t i) { return hypotheses[i].judgement.testable; },
      [&](size_t i) { return hypotheses[i].significant; });
  ParallelFor(hypotheses.size(), [&](size_t i) {
    Hypothesis& hypothesis = hypotheses[i];
    const Judgement& judgement = hypothesis.judgement;
    if (!judgement.testable) return;
    const SiteHistory& history = hypothesis.candidate.history;
    hypothesis.signs =
        judgement.size_from > 0
            ? SignsOf(OfSizes(history, judgement.size_from, judgement.size_to), judgement, look)
            : SignsOf(history, judgement, look);
    hypothesis.signs.joined = hypothesis.candidate.merged || judgement.size_from > 0;
    hypothesis.signs.growing_functions = beside.functions;
    hypothesis.signs.growing_share = beside.share;
    hypothesis.probability = LeakProbability(hypothesis.signs, look.prior);
    hypothesis.verdict = Decide(judgement, hypothesis.significant, hypothesis.probability);
  });
}

}  // namespace

Surroundings WhatGrows(const std::vector<Hypothesis>& hypotheses,
                       const std::function<bool(size_t)>& tested,
                       const std::function<bool(size_t)>& significant) {
  std::set<std::vector<uint32_t>> functions;
  double all = 0;
  double growing = 0;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    all += tested(i);
    if (!significant(i)) continue;
    ++growing;
    functions.insert(SuffixKey(hypotheses[i].candidate, 1));
  }
  return {static_cast<double>(functions.size()), all > 0 ? growing / all : 0};
}

std::vector<Hypothesis> JudgeAll(std::vector<Candidate> candidates, const Look& look) {
  std::vector<Hypothesis> hypotheses(candidates.size());
  ParallelFor(hypotheses.size(), [&](size_t i) {
    hypotheses[i].candidate = std::move(candidates[i]);
    hypotheses[i].judgement = Judge(hypotheses[i].candidate.history, look);
  });
  WeighAll(hypotheses);
  ParallelFor(hypotheses.size(), [&](size_t i) { TestSizes(hypotheses[i], look); });
  for (const size_t depth : kMergeDepths) TestSums(hypotheses, depth, look);
  CallByProbability(hypotheses, look);
  return hypotheses;
}

}  // namespace leaktrack
