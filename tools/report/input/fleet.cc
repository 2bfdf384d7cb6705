// SPDX-License-Identifier: Apache-2.0
#include "tools/report/input/fleet.h"

#include <algorithm>
#include <cstdint>

namespace leaktrack {
namespace {

double Growth(const ReportInput& run) {
  return run.analysis.total_growth ? run.analysis.total_growth->low : 0;
}

int64_t ResidentBytes(const ReportInput& run) { return run.analysis.memory.rss_bytes.value_or(0); }

// What grows comes before what does not, and a leak before what may be one.
int Badness(Conclusion conclusion) {
  return conclusion == Conclusion::kFound ? 2 : conclusion == Conclusion::kGrows ? 1 : 0;
}

}  // namespace

void RankRuns(Fleet& fleet) {
  std::stable_sort(fleet.runs.begin(), fleet.runs.end(),
                   [](const ReportInput& a, const ReportInput& b) {
                     const int a_badness = Badness(a.analysis.conclusion);
                     const int b_badness = Badness(b.analysis.conclusion);
                     if (a_badness != b_badness) return a_badness > b_badness;
                     if (a.analysis.process.status != b.analysis.process.status)
                       return a.analysis.process.status > b.analysis.process.status;
                     if (Growth(a) != Growth(b)) return Growth(a) > Growth(b);
                     if (ResidentBytes(a) != ResidentBytes(b))
                       return ResidentBytes(a) > ResidentBytes(b);
                     return a.analysis.duration_seconds > b.analysis.duration_seconds;
                   });
  const Conclusion all = FleetConclusion(fleet);
  std::stable_partition(fleet.runs.begin(), fleet.runs.end(),
                        [&](const ReportInput& run) { return run.analysis.conclusion == all; });
}

Conclusion FleetConclusion(const Fleet& fleet) {
  Conclusion result = fleet.unreadable.empty() ? Conclusion::kTooShort : Conclusion::kDataLost;
  double longest = -1;
  for (const Conclusion worst : {Conclusion::kFound, Conclusion::kGrows}) {
    for (const ReportInput& run : fleet.runs) {
      if (run.analysis.conclusion == worst) return worst;
    }
  }
  for (const ReportInput& run : fleet.runs) {
    if (run.analysis.conclusion == Conclusion::kDataLost) result = Conclusion::kDataLost;
    if (run.analysis.duration_seconds > longest && result != Conclusion::kDataLost) {
      longest = run.analysis.duration_seconds;
      result = run.analysis.conclusion;
    }
  }
  return result;
}

}  // namespace leaktrack
