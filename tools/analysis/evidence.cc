// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/evidence.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "tools/analysis/detect/earlier_looks.h"
#include "tools/analysis/process/coverage.h"

namespace leaktrack {
namespace {

// How long a run would have had to be for enough blocks, at this pace.
double SecondsForEnoughBlocks(const Hypothesis& hypothesis, const RunFacts& run) {
  const double blocks = std::max(1.0, static_cast<double>(hypothesis.judgement.wall.blocks));
  return run.look.window.end_ms / 1e3 * std::max(2.0, kBlocksNeeded / blocks);
}

Settle SettleLeak(const Hypothesis& hypothesis, const RunFacts& run) {
  if (hypothesis.state == State::kConfirmed) return {};
  if (run.warming_up) return {Settles::kQuietStart};
  const double watched = run.look.window.end_ms / 1e3;
  return {Settles::kConfirmingRun,
          watched >= kConfirmMinSeconds ? 2 * watched : kConfirmMinSeconds};
}

}  // namespace

Evidence EvidenceOf(const Hypothesis& hypothesis, const RunFacts& run) {
  const Judgement& judgement = hypothesis.judgement;
  const SiteHistory& history = hypothesis.candidate.history;
  const double since_ms = judgement.onset_ms.value_or(run.look.window.warm_up_ms);
  Evidence evidence;
  evidence.channel = judgement.channel;
  evidence.exact = history.exact;
  evidence.born_alive = judgement.wall.blocks;
  evidence.alive = static_cast<int>(history.survivors.size());
  evidence.size_from = judgement.size_from;
  evidence.size_to = judgement.size_to;
  evidence.old_age_seconds = judgement.never_dies.cut_ms / 1e3;
  evidence.old_deaths = static_cast<uint64_t>(std::llround(judgement.never_dies.deaths));
  evidence.residence_seconds = judgement.never_dies.residence_ms / 1e3;
  evidence.period_seconds = judgement.period_ms / 1e3;
  evidence.tooth_bytes = judgement.teeth.bytes;
  evidence.per_work = judgement.by_work;
  evidence.since_seconds = (since_ms + run.skipped_ms) / 1e3;
  if (judgement.container)
    evidence.container = ContainerFacts{judgement.container->steps, judgement.container->bytes,
                                        judgement.container->arena_ratio};
  if (judgement.steps && judgement.channel == Channel::kSteps) {
    evidence.steps =
        StepFacts{judgement.steps->count, judgement.steps->bytes, judgement.steps->gap_ms / 1e3};
  }
  if (judgement.backlog) {
    evidence.backlog =
        BacklogFacts{judgement.backlog->early_life_ms / 1e3, judgement.backlog->late_life_ms / 1e3};
  }
  return evidence;
}

Settle SettleOf(const Hypothesis& hypothesis, std::optional<double> decided_by_seconds,
                const RunFacts& run) {
  switch (hypothesis.verdict) {
    case Verdict::kLeak:
      return SettleLeak(hypothesis, run);
    case Verdict::kSuspect:
    case Verdict::kWatch:
      if (decided_by_seconds)
        return {Settles::kRunOfSeconds, *decided_by_seconds - run.skipped_ms / 1e3};
      return {Settles::kLongerThanCache};
    case Verdict::kNone:
      break;
  }
  if (hypothesis.judgement.trend != Trend::kInsufficient) return {};
  return {Settles::kMoreBlocks, SecondsForEnoughBlocks(hypothesis, run)};
}

}  // namespace leaktrack
