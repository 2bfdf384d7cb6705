// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/site_result.h"

#include <algorithm>
#include <cmath>
#include <optional>

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

void TakeGrowth(const Hypothesis& hypothesis, double skipped_ms, SiteResult& site) {
  const Judgement& judgement = hypothesis.judgement;
  site.growth = judgement.growth;
  site.model = judgement.model;
  site.leaked_share = judgement.leaked_share;
  if (judgement.testable) {
    site.p_value = judgement.p;
    site.q_value = hypothesis.q;
    site.leak_probability = hypothesis.probability;
  }
  if (judgement.onset_ms) site.late_onset_seconds = (*judgement.onset_ms + skipped_ms) / 1e3;
  if (judgement.doubling_ms) site.doubling_seconds = *judgement.doubling_ms / 1e3;
  if (judgement.trend == Trend::kSawtooth && judgement.growth) {
    site.sawtooth = Sawtooth{judgement.growth->mid, judgement.teeth.bytes};
  }
}

// Since the start of the run; what counts as age to the model may be the work that was done.
std::optional<double> DecidedBy(const Hypothesis& hypothesis, const RunFacts& run) {
  if (hypothesis.verdict != Verdict::kWatch && hypothesis.verdict != Verdict::kSuspect)
    return std::nullopt;
  const std::optional<double> age = DecidedBySeconds(hypothesis.signs, run.look.prior);
  if (!age) return std::nullopt;
  const double longer = *age / std::max(hypothesis.signs.age_seconds, 1e-9);
  return (run.look.window.end_ms * longer + run.skipped_ms) / 1e3;
}

}  // namespace

SiteResult MakeSiteResult(Hypothesis hypothesis, const RunFacts& run, double end_ms) {
  SiteResult site;
  TakeLive(hypothesis.candidate.live, end_ms, site);
  TakeGrowth(hypothesis, run.skipped_ms, site);
  site.sites = hypothesis.candidate.history.sites;
  site.kind = hypothesis.candidate.history.kind;
  site.verdict = hypothesis.verdict;
  site.significant = hypothesis.significant;
  site.signs = hypothesis.signs;
  site.decided_by_seconds = DecidedBy(hypothesis, run);
  site.trend = hypothesis.judgement.trend;
  site.state = hypothesis.state;
  if (hypothesis.state == State::kRetracted) {
    site.plateau = PlateauOf(hypothesis.candidate.history);
    site.plateau->after_seconds += run.skipped_ms / 1e3;
  }
  site.freed_at_exit = hypothesis.tidied_up && hypothesis.verdict != Verdict::kNone;
  site.evidence = EvidenceOf(hypothesis, run);
  site.settle = SettleOf(hypothesis, site.decided_by_seconds, run);
  site.merged = hypothesis.candidate.merged;
  site.shared_frames = hypothesis.candidate.shared;
  site.truncated = hypothesis.candidate.truncated;
  site.blame = hypothesis.candidate.blame;
  site.stack = std::move(hypothesis.candidate.stack);
  return site;
}

}  // namespace leaktrack
