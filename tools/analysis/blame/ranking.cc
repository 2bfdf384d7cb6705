// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/ranking.h"

#include <algorithm>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

// At the end of the run: what accelerates matters more than its mean.
double LowestEndRate(const SiteResult& site) {
  if (!site.model || site.model->end_bytes_per_hour <= 0) return site.growth->low;
  const double shape = std::max(site.model->effective_samples, 1.0);
  return site.model->end_bytes_per_hour * GammaQuantile(shape, .1) / shape;
}

double Slope(const SiteResult& site) { return site.model ? site.model->slope_per_hour : 0; }

}  // namespace

double RankScore(const SiteResult& site) {
  if (site.verdict == Verdict::kNone || !site.growth) return 0;
  return LowestEndRate(site) * site.leak_probability.value_or(0);
}

void RankSites(std::vector<SiteResult>& sites) {
  std::stable_sort(sites.begin(), sites.end(), [](const SiteResult& a, const SiteResult& b) {
    if (a.verdict != b.verdict) return a.verdict > b.verdict;
    if (a.significant != b.significant) return a.significant;
    const double score_a = RankScore(a);
    const double score_b = RankScore(b);
    if (score_a != score_b) return score_a > score_b;
    if (score_a == 0) return a.live_bytes > b.live_bytes;
    if (Slope(a) != Slope(b)) return Slope(a) > Slope(b);
    if (a.lift != b.lift) return a.lift.value_or(0) > b.lift.value_or(0);
    return a.live_bytes > b.live_bytes;
  });
}

}  // namespace leaktrack
