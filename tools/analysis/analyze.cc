// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/analyze.h"

#include <algorithm>
#include <map>

#include "tools/analysis/candidates.h"
#include "tools/analysis/clock.h"
#include "tools/analysis/coverage.h"
#include "tools/analysis/looks.h"
#include "tools/analysis/present.h"
#include "tools/analysis/process_account.h"
#include "tools/analysis/shutdown.h"

namespace leaktrack {
namespace {

bool RanksBefore(const SiteResult& a, const SiteResult& b) {
  if (a.verdict != b.verdict) return a.verdict > b.verdict;
  if (a.verdict != Verdict::kNone) {  // by what is certain of the growth
    const double growth_a = a.growth ? a.growth->low : 0;
    const double growth_b = b.growth ? b.growth->low : 0;
    if (growth_a != growth_b) return growth_a > growth_b;
  }
  return a.live_bytes > b.live_bytes;
}

void MarkTidiedUp(const Shutdown& shutdown, std::vector<Node>& nodes) {
  for (Node& node : nodes) {
    node.tidied_up = std::ranges::any_of(node.candidate.history.sites, [&](capture::SiteId site) {
      return shutdown.tidied_up.contains(site);
    });
  }
}

std::optional<double> Headroom(const capture::Capture& capture) {
  const ProcessResult process = AccountForLimit(capture, std::nullopt);
  if (!process.limit_bytes || !process.used_fraction) return std::nullopt;
  return static_cast<double>(*process.limit_bytes) * (1 - *process.used_fraction);
}

}  // namespace

Analysis Analyze(const capture::Capture& capture, Symbolizer& symbolizer) {
  const auto end_ms = static_cast<double>(capture.duration_ms);
  const Shutdown shutdown = FindShutdown(capture);
  std::map<capture::SiteId, SiteHistory> histories = GatherHistories(capture, shutdown.judged_ms);
  std::optional<Clock> work = ClockOfChurn(histories, shutdown.judged_ms);
  const std::optional<CountedWork> counted = ClockOfUnits(capture, shutdown.judged_ms);
  if (counted) work = counted->clock;  // the program knows best what its work is
  RunFacts run;
  run.start_realtime_ns = capture.process.start_realtime_ns;
  run.look = {Window::Of(static_cast<uint64_t>(shutdown.judged_ms)), work ? &*work : nullptr,
              counted && counted->enough};

  std::vector<Node> nodes =
      JudgeAll(NamedSites(capture, std::move(histories), shutdown.judged_ms, symbolizer), run.look);
  MarkTidiedUp(shutdown, nodes);
  run.warming_up = ReplayLooks(nodes, run.look, Headroom(capture));

  Analysis analysis;
  analysis.duration_seconds = end_ms / 1e3;
  analysis.judged_seconds = shutdown.judged_ms / 1e3;
  analysis.warming_up = run.warming_up;
  for (Node& node : nodes) analysis.sites.push_back(Present(std::move(node), run, end_ms));
  std::stable_sort(analysis.sites.begin(), analysis.sites.end(), RanksBefore);
  analysis.total_growth = TotalGrowth(analysis.sites);
  analysis.process = AccountForLimit(capture, analysis.total_growth);
  analysis.memory = AccountForMemory(capture, analysis.sites);
  analysis.detectable_bytes_per_hour = DetectableGrowth(capture, run.look.window);
  Conclude(capture, analysis);
  return analysis;
}

}  // namespace leaktrack
