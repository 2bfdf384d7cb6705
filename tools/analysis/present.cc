// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/present.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/detect/looks.h"
#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kNoCache = -1;  // births that fall by more than e^-1 may be a cache's

// Sure that it grows, and that it is not filling up.
double Confidence(const Judgement& judgement, double q) {
  if (judgement.channel != Channel::kImmortals) return 1 - q;
  const Births& births = judgement.births;
  return (1 - q) * NormalUpperTail((kNoCache - births.gamma) / std::max(births.gamma_error, 1e-9));
}

void TakeLive(const Live& live, double end_ms, SiteResult& site) {
  site.live_bytes = live.bytes;
  site.live_objects = live.objects;
  site.live_bytes_error = kZ90 * std::sqrt(live.variance);
  site.born_bytes = live.born_bytes;
  if (live.first_birth_ms < end_ms) site.oldest_seconds = (end_ms - live.first_birth_ms) / 1e3;
}

void TakeGrowth(const Node& node, SiteResult& site) {
  const Judgement& judgement = node.judgement;
  site.growth = judgement.growth;
  site.model = judgement.model;
  site.leaked_share = judgement.leaked_share;
  if (judgement.testable) {
    site.p_value = judgement.p;
    site.q_value = node.q;
    site.confidence = Confidence(judgement, node.q);
  }
  if (judgement.onset_ms) site.late_onset_seconds = *judgement.onset_ms / 1e3;
  if (judgement.doubling_ms) site.doubling_seconds = *judgement.doubling_ms / 1e3;
  if (judgement.trend == Trend::kSawtooth && judgement.growth) {
    site.sawtooth = Sawtooth{judgement.growth->mid, judgement.teeth.bytes};
  }
}

}  // namespace

SiteResult Present(Node node, const RunFacts& run, double end_ms) {
  SiteResult site;
  TakeLive(node.candidate.live, end_ms, site);
  TakeGrowth(node, site);
  site.sites = node.candidate.history.sites;
  site.kind = node.candidate.history.kind;
  site.verdict = node.verdict;
  site.trend = node.judgement.trend;
  site.state = node.state;
  if (node.state == State::kRetracted) site.plateau = PlateauOf(node.candidate.history);
  site.freed_at_exit = node.tidied_up && node.verdict != Verdict::kNone;
  site.evidence = Evidence(node, run);
  site.settle = Settle(node, run);
  site.merged = node.candidate.merged;
  site.truncated = node.candidate.truncated;
  site.blame = node.candidate.blame;
  site.stack = std::move(node.candidate.stack);
  return site;
}

}  // namespace leaktrack
