// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/analyze.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/analysis/candidates.h"
#include "tools/analysis/coverage.h"
#include "tools/analysis/judge.h"
#include "tools/analysis/process_account.h"
#include "tools/analysis/stats.h"

namespace leaktrack {
namespace {

// Sums are tried at these depths, finest first; they get a stricter bound because there are five tries.
constexpr size_t kMergeDepths[] = {8, 5, 3, 2, 1};
constexpr double kMergedMaxP = 0.001;

struct Tried {
  Candidate candidate;
  Judgement judgement;
  double q = 1;
  Verdict verdict = Verdict::kNone;
};

void DecideAll(std::vector<Tried>& tried, const Window& window) {
  std::vector<double> p_values;
  for (const Tried& one : tried) {
    if (one.judgement.testable) p_values.push_back(one.judgement.p);
  }
  const std::vector<double> q_values = BenjaminiHochberg(p_values);
  size_t next = 0;
  for (Tried& one : tried) {
    if (one.judgement.testable) one.q = q_values[next++];
    one.verdict = Decide(one.judgement, one.q, window);
  }
}

// Sums of unaccused sites of one depth. The members that grew are swallowed by an accused sum, the others stay.
void AccuseSums(std::vector<Tried>& tried, size_t depth, const Window& window) {
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < tried.size(); ++i) {
    if (tried[i].verdict >= Verdict::kSuspect) continue;
    const std::string key = SuffixKey(tried[i].candidate, depth);
    if (!key.empty()) groups[key].push_back(i);
  }
  std::vector<Tried> sums;
  std::vector<const std::vector<size_t>*> members_of;
  for (const auto& [key, members] : groups) {
    if (members.size() < 2) continue;
    std::vector<const Candidate*> parts;
    for (const size_t i : members) parts.push_back(&tried[i].candidate);
    Tried sum{Merge(parts, depth), {}, 1, Verdict::kNone};
    sum.judgement = Judge(sum.candidate.history, window);
    sums.push_back(std::move(sum));
    members_of.push_back(&members);
  }
  DecideAll(sums, window);
  std::vector<bool> swallowed(tried.size());
  for (size_t s = 0; s < sums.size(); ++s) {
    if (sums[s].verdict < Verdict::kSuspect || sums[s].judgement.p > kMergedMaxP) continue;
    std::vector<const Candidate*> grown;
    for (const size_t i : *members_of[s]) {
      if (tried[i].judgement.births.blocks == 0) continue;
      grown.push_back(&tried[i].candidate);
      swallowed[i] = true;
    }
    if (grown.size() > 1) sums[s].candidate = Merge(grown, depth);
  }
  std::vector<Tried> left;
  for (size_t i = 0; i < tried.size(); ++i) {
    if (!swallowed[i]) left.push_back(std::move(tried[i]));
  }
  for (Tried& sum : sums) {
    if (sum.verdict >= Verdict::kSuspect && sum.judgement.p <= kMergedMaxP) left.push_back(std::move(sum));
  }
  tried = std::move(left);
}

void Estimate(const SiteHistory& history, SiteResult& site) {
  double variance = 0;
  for (const WeightedBlock& block : history.survivors) {
    site.live_bytes += block.Bytes();
    site.live_objects += block.Objects();
    // Of sampling alone: where the file kept only a share of the survivors, the counters hold the total.
    const double p = block.sampling_probability;
    variance += block.size * block.size * (1 - p) / (p * p) * (p / block.probability);
  }
  if (history.kept_in_part) {
    site.live_bytes = std::max(history.net_bytes, 0.0);
    site.live_objects = std::max(history.net_objects, 0.0);
  }
  site.live_bytes_error = kZ90 * std::sqrt(variance);
  site.born_bytes = history.born_bytes;
}

SiteResult Present(Tried tried, const Window& window) {
  SiteResult site;
  const SiteHistory& history = tried.candidate.history;
  Estimate(history, site);
  site.sites = history.sites;
  site.kind = history.kind;
  site.verdict = tried.verdict;
  site.trend = tried.judgement.trend;
  site.growth = tried.judgement.growth;
  if (tried.judgement.testable) {
    site.p_value = tried.judgement.p;
    site.q_value = tried.q;
  }
  if (!history.survivors.empty()) {
    double first = window.end_ms;
    for (const WeightedBlock& block : history.survivors) first = std::min(first, block.first_birth_ms);
    site.oldest_seconds = (window.end_ms - first) / 1e3;
  }
  site.evidence = Evidence(tried.judgement, history, tried.verdict);
  site.settle = Settle(tried.judgement, tried.verdict);
  site.merged = tried.candidate.merged;
  site.truncated = tried.candidate.truncated;
  site.blame = tried.candidate.blame;
  site.stack = std::move(tried.candidate.stack);
  return site;
}

bool RanksBefore(const SiteResult& a, const SiteResult& b) {
  if (a.verdict != b.verdict) return a.verdict > b.verdict;
  if (a.verdict != Verdict::kNone) {  // by what is certain of the growth
    const double growth_a = a.growth ? a.growth->low : 0;
    const double growth_b = b.growth ? b.growth->low : 0;
    if (growth_a != growth_b) return growth_a > growth_b;
  }
  return a.live_bytes > b.live_bytes;
}

}  // namespace

Analysis Analyze(const capture::Capture& capture, Symbolizer& symbolizer) {
  const Window window = Window::Of(capture.duration_ms);
  std::vector<Tried> tried;
  for (Candidate& candidate : NamedSites(capture, symbolizer)) {
    Tried one{std::move(candidate), {}, 1, Verdict::kNone};
    one.judgement = Judge(one.candidate.history, window);
    tried.push_back(std::move(one));
  }
  DecideAll(tried, window);
  for (const size_t depth : kMergeDepths) AccuseSums(tried, depth, window);

  Analysis analysis;
  analysis.duration_seconds = window.end_ms / 1e3;
  for (Tried& one : tried) analysis.sites.push_back(Present(std::move(one), window));
  std::stable_sort(analysis.sites.begin(), analysis.sites.end(), RanksBefore);
  analysis.total_growth = TotalGrowth(analysis.sites);
  analysis.process = AccountForLimit(capture, analysis.total_growth);
  analysis.memory = AccountForMemory(capture, analysis.sites);
  analysis.detectable_bytes_per_hour = DetectableGrowth(capture, window);
  Conclude(capture, analysis);
  return analysis;
}

}  // namespace leaktrack
