// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/nodes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/analysis/model/stats.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

constexpr size_t kMergeDepths[] = {8, 5, 3, 2, 1};
constexpr size_t kMinPaths = 3;
constexpr size_t kMinMixed = 16;  // blocks, before sizes are looked at one by one

void DecideAll(std::vector<Node>& nodes, const Look& look) {
  std::vector<double> p_values;
  for (const Node& node : nodes) {
    if (node.judgement.testable) p_values.push_back(node.judgement.p);
  }
  const std::vector<double> q_values = BenjaminiHochberg(p_values);
  size_t next = 0;
  for (Node& node : nodes) {
    if (node.judgement.testable) node.q = q_values[next++];
    node.verdict = Decide(node.judgement, node.q, look);
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
void AccuseSizes(Node& node, const Look& look) {
  if (node.Accused() || node.judgement.never_dies.p <= kMaxP) return;
  const std::map<int, size_t> classes = SizeClasses(node.candidate.history, look.window);
  if (classes.size() < 2) return;
  for (const auto& [octave, count] : classes) {
    if (count < kMinMixed) continue;
    const double from = std::ldexp(1, octave);
    const SiteHistory part = OfSizes(node.candidate.history, from, 2 * from);
    Judgement judgement = Test(part, look);
    if (!judgement.testable || judgement.channel != Channel::kImmortals) continue;
    judgement.p = std::min(1.0, judgement.p * static_cast<double>(classes.size()));
    if (judgement.p > kManyTriesMaxP) continue;
    Describe(part, look, judgement);
    judgement.size_from = from;
    judgement.size_to = 2 * from;
    node.judgement = judgement;
    node.q = judgement.p;
    node.verdict = Decide(node.judgement, node.q, look);
    return;
  }
}

struct Sum {
  Node node;
  std::vector<size_t> members;
};

// Several accused of much the same growth, or none.
bool IsOneLeak(const std::vector<Node>& nodes, const std::vector<size_t>& members) {
  size_t accused = 0;
  double sum = 0;
  double most = 0;
  for (const size_t i : members) {
    const Node& node = nodes[i];
    if (!node.Accused()) continue;
    if (node.judgement.channel != Channel::kImmortals || !node.judgement.growth) return false;
    ++accused;
    sum += node.judgement.growth->mid;
    most = std::max(most, node.judgement.growth->mid);
  }
  return accused >= kMinPaths && most < sum / 2;
}

std::vector<Sum> JudgeSums(const std::vector<Node>& nodes, size_t depth, const Look& look) {
  std::map<std::vector<uint32_t>, std::vector<size_t>> groups;
  for (size_t i = 0; i < nodes.size(); ++i) {
    std::vector<uint32_t> key = SuffixKey(nodes[i].candidate, depth);
    if (!key.empty()) groups[std::move(key)].push_back(i);
  }
  std::vector<Sum> sums;
  for (auto& [key, members] : groups) {
    if (!IsOneLeak(nodes, members))
      std::erase_if(members, [&](size_t i) { return nodes[i].Accused(); });
    if (members.size() > 1) sums.push_back({{}, std::move(members)});
  }
  ParallelFor(sums.size(), [&](size_t s) {
    std::vector<const Candidate*> parts;
    for (const size_t i : sums[s].members) parts.push_back(&nodes[i].candidate);
    Node& node = sums[s].node;
    node.candidate = Merge(parts, depth);
    node.judgement = Test(node.candidate.history, look);
    const bool may_be = node.judgement.testable && node.judgement.p <= kManyTriesMaxP;
    if (!may_be) node.candidate = {};  // its blocks are all elsewhere already
  });
  return sums;
}

bool Grew(const Node& node) { return node.judgement.wall.blocks > 0; }

// The members that grew are swallowed by an accused sum, the others stay.
void AccuseSums(std::vector<Node>& nodes, size_t depth, const Look& look) {
  std::vector<Sum> sums = JudgeSums(nodes, depth, look);
  std::vector<Node> judged;
  judged.reserve(sums.size());
  for (Sum& sum : sums) judged.push_back(std::move(sum.node));
  DecideAll(judged, look);
  std::vector<bool> swallowed(nodes.size());
  std::vector<Node> accused;
  for (size_t s = 0; s < sums.size(); ++s) {
    if (!judged[s].Accused() || judged[s].judgement.p > kManyTriesMaxP) continue;
    std::vector<const Candidate*> grown;
    for (const size_t i : sums[s].members) {
      if (!Grew(nodes[i])) continue;
      grown.push_back(&nodes[i].candidate);
      swallowed[i] = true;
    }
    Describe(judged[s].candidate.history, look, judged[s].judgement);
    if (grown.size() > 1) judged[s].candidate = Merge(grown, depth);
    accused.push_back(std::move(judged[s]));
  }
  if (accused.empty()) return;
  std::vector<Node> left;
  left.reserve(nodes.size() + accused.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!swallowed[i]) left.push_back(std::move(nodes[i]));
  }
  for (Node& node : accused) left.push_back(std::move(node));
  nodes = std::move(left);
}

}  // namespace

std::vector<Node> JudgeAll(std::vector<Candidate> candidates, const Look& look) {
  std::vector<Node> nodes(candidates.size());
  ParallelFor(nodes.size(), [&](size_t i) {
    nodes[i].candidate = std::move(candidates[i]);
    nodes[i].judgement = Judge(nodes[i].candidate.history, look);
  });
  DecideAll(nodes, look);
  ParallelFor(nodes.size(), [&](size_t i) { AccuseSizes(nodes[i], look); });
  for (const size_t depth : kMergeDepths) AccuseSums(nodes, depth, look);
  return nodes;
}

}  // namespace leaktrack
