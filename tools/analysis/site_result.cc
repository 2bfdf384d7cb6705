// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/site_result.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/detect/earlier_looks.h"
#include "tools/analysis/detect/leak_probability.h"
#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

void TakeLive(const Live& live, double end_ms, SiteResult& site) {
  site.live_bytes = live.bytes;
  site.live_objects = live.objects;
  site.live_bytes_error = kZ90 * std::sqrt(live.variance);
  site.born_bytes = live.born_bytes;
  if (live.first_birth_ms < end_ms) site.oldest_seconds = (end_ms - live.first_birth_ms) / 1e3;
}

void TakeGrowth(const Hypothesis& hypothesis, SiteResult& site) {
  const Judgement& judgement = hypothesis.judgement;
  site.growth = judgement.growth;
  site.model = judgement.model;
  site.leaked_share = judgement.leaked_share;
  if (judgement.testable) {
    site.p_value = judgement.p;
    site.q_value = hypothesis.q;
    site.leak_probability = hypothesis.probability;
  }
  if (judgement.onset_ms) site.late_onset_seconds = *judgement.onset_ms / 1e3;
  if (judgement.doubling_ms) site.doubling_seconds = *judgement.doubling_ms / 1e3;
  if (judgement.trend == Trend::kSawtooth && judgement.growth) {
    site.sawtooth = Sawtooth{judgement.growth->mid, judgement.teeth.bytes};
  }
}

}  // namespace

SiteResult MakeSiteResult(Hypothesis hypothesis, const RunFacts& run, double end_ms) {
  SiteResult site;
  TakeLive(hypothesis.candidate.live, end_ms, site);
  TakeGrowth(hypothesis, site);
  site.sites = hypothesis.candidate.history.sites;
  site.kind = hypothesis.candidate.history.kind;
  site.verdict = hypothesis.verdict;
  site.significant = hypothesis.significant;
  site.signs = hypothesis.signs;
  if (site.verdict == Verdict::kWatch || site.verdict == Verdict::kSuspect)
    site.decided_by_seconds = DecidedBySeconds(hypothesis.signs, run.look.prior);
  site.trend = hypothesis.judgement.trend;
  site.state = hypothesis.state;
  if (hypothesis.state == State::kRetracted) site.plateau = PlateauOf(hypothesis.candidate.history);
  site.freed_at_exit = hypothesis.tidied_up && hypothesis.verdict != Verdict::kNone;
  site.evidence = Evidence(hypothesis, run);
  site.settle = Settle(hypothesis, run);
  site.merged = hypothesis.candidate.merged;
  site.truncated = hypothesis.candidate.truncated;
  site.blame = hypothesis.candidate.blame;
  site.stack = std::move(hypothesis.candidate.stack);
  return site;
}

}  // namespace leaktrack
