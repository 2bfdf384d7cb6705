// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/births.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kPlainDecay = 2, kStrictDecay = 1;
constexpr int kDispersionBins = 32, kSpreadBins = 16, kFineBins = 256;
constexpr double kEarliestOnset = 0.15, kLatestOnset = 0.85;

double LaplaceP(double mean, double effective, double decay) {
  if (effective <= 0) return 1;
  const double z = (mean - TiltedMean(-decay)) / std::sqrt(TiltedVariance(-decay) / effective);
  return NormalUpperTail(z);
}

// Share of the births expected below u when the rate changes by e^gamma.
double TiltedCdf(double gamma, double u) {
  return std::abs(gamma) < 1e-6 ? u : std::expm1(gamma * u) / std::expm1(gamma);
}

struct Sums {
  double weight = 0, squares = 0, mean = 0;
  double Effective() const { return squares > 0 ? weight * weight / squares : 0; }
};

Sums Sum(const std::vector<Birth>& births) {
  Sums sums;
  for (const Birth& birth : births) {
    sums.weight += birth.weight;
    sums.squares += birth.weight * birth.weight;
    sums.mean += birth.weight * birth.u;
  }
  if (sums.weight > 0) sums.mean /= sums.weight;
  return sums;
}

// Chi-square per degree of freedom around `cdf`, at least 1.
template <typename Cdf>
double Dispersion(const std::vector<Birth>& births, const Sums& sums, const Cdf& cdf) {
  std::array<double, kDispersionBins> seen{};
  for (const Birth& birth : births) {
    seen[static_cast<size_t>(std::min(kDispersionBins - 1.0, birth.u * kDispersionBins))] +=
        birth.weight;
  }
  const double unit = sums.squares / sums.weight;  // variance over mean of a weighted Poisson count
  double chi_square = 0;
  for (int i = 0; i < kDispersionBins; ++i) {
    const double share = cdf((i + 1.0) / kDispersionBins) - cdf(double(i) / kDispersionBins);
    const double expected = std::max(share * sums.weight, 1e-3 * sums.weight / kDispersionBins);
    const double off = seen[static_cast<size_t>(i)] - expected;
    chi_square += off * off / (expected * unit);
  }
  return std::max(1.0, chi_square / (kDispersionBins - 2));
}

// Around the fitted trend, or the two levels of a late onset: growth that began late is no burst.
double DispersionOfBest(const std::vector<Birth>& births, const Sums& sums, double gamma) {
  const double phi = Dispersion(births, sums, [&](double u) { return TiltedCdf(gamma, u); });
  if (phi == 1 || gamma <= 0) return phi;
  const Onset onset = BestOnset(births);
  if (onset.at <= 0) return phi;
  return std::min(phi, Dispersion(births, sums, [&](double u) {
                    if (u < onset.at) return onset.share_before * u / onset.at;
                    return onset.share_before +
                           (1 - onset.share_before) * (u - onset.at) / (1 - onset.at);
                  }));
}

void MeasureSpread(const std::vector<Birth>& births, double total, Births& result) {
  std::array<double, kSpreadBins> bins{};
  std::array<bool, kFineBins> fine{};
  for (const Birth& birth : births) {
    fine[static_cast<size_t>(std::min(kFineBins - 1.0, birth.u * kFineBins))] = true;
    bins[static_cast<size_t>(std::min(kSpreadBins - 1.0, birth.u * kSpreadBins))] += birth.weight;
    result.in_last_quarter |= birth.u >= 0.75;
  }
  for (const double bin : bins) {
    result.occupied_bins += bin > 0;
    result.largest_bin = std::max(result.largest_bin, bin / total);
  }
  result.occupied_fine = static_cast<int>(std::count(fine.begin(), fine.end(), true));
}

// A leak leaks in each half; a cache that has filled in the first half does not grow in the second.
bool HalfHolds(const std::vector<Birth>& births, double from, double phi) {
  std::vector<Birth> half;
  for (const Birth& birth : births) {
    if (birth.u >= from && birth.u < from + 0.5)
      half.push_back({(birth.u - from) * 2, birth.weight});
  }
  const Sums sums = Sum(half);
  const double effective = sums.Effective() / phi;
  return effective >= kMinEffectiveBlocks && LaplaceP(sums.mean, effective, kPlainDecay) <= .05;
}

}  // namespace

std::vector<Birth> BirthPlaces(const SiteHistory& history, const Window& window, double cut_ms,
                               const Clock* clock) {
  std::vector<Birth> births;
  const auto at = [&](double ms) { return clock == nullptr ? ms : clock->At(ms); };
  const double last_ms = window.end_ms - cut_ms;
  const double first = at(window.warm_up_ms);
  const double span = at(last_ms) - first;
  if (last_ms <= window.warm_up_ms || span <= 0) return births;
  for (const WeightedBlock& block : history.survivors) {
    if (block.birth_ms < window.warm_up_ms || block.birth_ms > last_ms) continue;
    births.push_back({std::clamp((at(block.birth_ms) - first) / span, 0.0, 1.0), block.weight});
  }
  return births;
}

Onset BestOnset(const std::vector<Birth>& births) {
  Onset best;
  const double weight = Sum(births).weight;
  double before = 0;
  for (const Birth& birth : births) {
    // Just before this birth: that is where the rate after it is highest.
    const double a = before / weight;
    const double c = birth.u;
    if (c >= kEarliestOnset && c <= kLatestOnset && a < c) {
      const double fit = (a > 0 ? a * std::log(a / c) : 0) + (1 - a) * std::log((1 - a) / (1 - c));
      if (fit > best.log_likelihood) best = {c, a, fit};
    }
    before += birth.weight;
  }
  return best;
}

Births TestBirths(const std::vector<Birth>& births) {
  Births result;
  result.blocks = static_cast<int>(births.size());
  const Sums sums = Sum(births);
  if (sums.weight <= 0) return result;
  result.gamma = TiltFromMean(sums.mean);
  result.phi = DispersionOfBest(births, sums, result.gamma);
  result.effective = sums.Effective() / result.phi;
  result.gamma_error =
      1 / std::sqrt(std::max(result.effective * TiltedVariance(result.gamma), 1e-9));
  result.p = LaplaceP(sums.mean, result.effective, kPlainDecay);
  result.strict_p = LaplaceP(sums.mean, result.effective, kStrictDecay);
  MeasureSpread(births, sums.weight, result);
  result.halves_hold = HalfHolds(births, 0, result.phi) && HalfHolds(births, 0.5, result.phi);
  return result;
}

BornBytes SumBirths(const SiteHistory& history, const Window& window, double cut_ms) {
  BornBytes sum;
  sum.span_ms = window.end_ms - cut_ms - window.warm_up_ms;
  double squares = 0;
  for (const WeightedBlock& block : history.survivors) {
    if (block.birth_ms < window.warm_up_ms || block.birth_ms > window.end_ms - cut_ms) continue;
    sum.bytes += block.Bytes();
    squares += block.Bytes() * block.Bytes();
  }
  if (squares > 0) sum.effective = sum.bytes * sum.bytes / squares;
  return sum;
}

}  // namespace leaktrack
