// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/analyze.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/caller_contrast.h"
#include "tools/analysis/blame/candidates.h"
#include "tools/analysis/blame/families.h"
#include "tools/analysis/blame/ranking.h"
#include "tools/analysis/detect/earlier_looks.h"
#include "tools/analysis/detect/look_times.h"
#include "tools/analysis/history/clock.h"
#include "tools/analysis/history/shutdown.h"
#include "tools/analysis/memory_verdicts.h"
#include "tools/analysis/plateaus.h"
#include "tools/analysis/process/coverage.h"
#include "tools/analysis/process/measured_growth.h"
#include "tools/analysis/process/process_account.h"
#include "tools/analysis/process/runtime_advice.h"
#include "tools/analysis/site_result.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

void MarkTidiedUp(const Shutdown& shutdown, std::vector<Hypothesis>& hypotheses) {
  for (Hypothesis& hypothesis : hypotheses) {
    hypothesis.tidied_up = std::ranges::any_of(
        hypothesis.candidate.history.sites,
        [&](capture::SiteId site) { return shutdown.tidied_up.contains(site); });
  }
}

}  // namespace

Analysis Analyze(const capture::Capture& capture, Symbolizer& symbolizer,
                 const AnalyzeOptions& options) {
  const auto end_ms = static_cast<double>(capture.duration_ms);
  Shutdown shutdown = FindShutdown(capture);
  if (capture.end_state == capture::RunState::kRunning)
    shutdown.judged_ms = LastLookMs(shutdown.judged_ms);
  std::map<capture::SiteId, SiteHistory> histories = GatherHistories(capture, shutdown.judged_ms);
  std::optional<Clock> work = ClockOfChurn(histories, shutdown.judged_ms);
  const std::optional<CountedWork> counted = ClockOfUnits(capture, shutdown.judged_ms);
  if (counted) work = counted->clock;  // the program knows best what its work is
  RunFacts run;
  run.skipped_ms = options.skipped_ms;
  run.look = {Window::Of(static_cast<uint64_t>(shutdown.judged_ms)), work ? &*work : nullptr,
              counted && counted->enough, options.prior};

  const OwnCode own(capture);
  std::vector<Candidate> candidates =
      NamedSites(capture, std::move(histories), shutdown.judged_ms, own, symbolizer);
  AssignBlame(candidates, run.look.window, own, options.wrappers);
  std::vector<Hypothesis> hypotheses = JudgeAll(std::move(candidates), run.look);
  MarkTidiedUp(shutdown, hypotheses);
  HoldVerdicts(hypotheses, run.look);
  run.warming_up = ReplayLooks(hypotheses, run.look, LimitOf(capture, options).headroom_bytes);

  Analysis analysis;
  analysis.duration_seconds = end_ms / 1e3;
  analysis.judged_seconds = shutdown.judged_ms / 1e3;
  analysis.warming_up = run.warming_up;
  analysis.sites.resize(hypotheses.size());
  ParallelFor(hypotheses.size(), [&](size_t i) {
    analysis.sites[i] = MakeSiteResult(std::move(hypotheses[i]), run, end_ms);
  });
  if (options.plateaus != nullptr) HoldAtPlateaus(*options.plateaus, analysis.sites);
  BlameBuggyPaths(analysis.sites, own);
  FindFamilies(analysis.sites, own);
  if (options.memory != nullptr)
    ApplyMemory(*options.memory, analysis.duration_seconds + options.skipped_ms / 1e3,
                analysis.sites);
  for (SiteResult& site : analysis.sites) site.own_frame = OwnFrame(site.stack, site.blame, own);
  RankSites(analysis.sites);
  analysis.detectable_bytes_per_hour = DetectableGrowth(capture, run.look.window);
  MeasureGrowth(capture, analysis);
  AccountForProcess(capture, options, analysis);
  if (analysis.measured_growth) analysis.measured_growth->from_seconds += options.skipped_ms / 1e3;
  std::vector<Advice>& advice = analysis.memory.advice;
  const std::vector<Advice> first = RuntimeAdvice(capture, analysis);
  advice.insert(advice.begin(), first.begin(), first.end());
  Conclude(capture, options, analysis);
  return analysis;
}

}  // namespace leaktrack
