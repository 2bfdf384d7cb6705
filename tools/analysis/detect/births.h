// SPDX-License-Identifier: Apache-2.0
//
// Second half of a leak: new immortals keep being born, at an undiminished rate.
//
// What: the Laplace trend test on the birth times of survivors. u in [0, 1] is a birth's place
// between the warm-up and the age cut. H0: the rate of births falls by at least e^-g0 over that
// span, as when a cache fills.
//   z = (mean u - m(-g0)) / sqrt(v(-g0) / n),   p2 = P(Z > z)
// g0 = 2 is the plain test (a constant leak passes with 40 survivors at 82 %), g0 = 1 the strict
// one (about 150). Births come in bursts (one request leaks a thousand blocks), so n is divided by
// the dispersion phi of 32 bins around the fitted trend; around the two levels of a late onset,
// where that fits better. Blocks sampled at different intervals are weighted down to the coarsest
// one: as if all had been sampled with it, without throwing any away. The place may be taken by the
// wall's clock or by that of the work done (clock.h).
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_BIRTHS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_BIRTHS_H_

#include <vector>

#include "tools/analysis/history/clock.h"
#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

inline constexpr double kMinEffectiveBlocks = 8;

struct Birth {
  double u = 0;
  double weight = 1;
};

// Survivors born in [warm-up, end - cut], in order. `clock` may be null: the wall's.
std::vector<Birth> BirthPlaces(const SiteHistory& history, const Window& window, double cut_ms,
                               const Clock* clock);

// The one change of the birth rate, to a higher one, that explains most. Births are in order.
struct Onset {
  double at = 0;              // in u; 0: none
  double share_before = 0;    // of the births
  double log_likelihood = 0;  // over a constant rate, per block
  // Nearly nothing came before.
  bool IsClear() const {
    return at > 0 && share_before / at <= 0.2 * (1 - share_before) / (1 - at);
  }
};
Onset BestOnset(const std::vector<Birth>& births);

struct Births {
  int blocks = 0;          // survivors born in the span
  double effective = 0;    // independent blocks they are worth
  double phi = 1;          // dispersion
  double gamma = 0;        // log of the change of the birth rate over the span; 0: linear growth
  double gamma_error = 0;  // standard error
  double p = 1, strict_p = 1;  // g0 = 2, g0 = 1
  int occupied_bins = 0;       // of 16
  int occupied_fine = 0;       // of 256
  double largest_bin = 0;      // share
  bool in_last_quarter = false;
  bool halves_hold = false;  // each half of the span passes the plain test by itself

  bool Spread() const { return occupied_bins >= 4 && largest_bin <= 0.6 && in_last_quarter; }
  bool Sound() const { return Spread() && effective >= kMinEffectiveBlocks; }
};

Births TestBirths(const std::vector<Birth>& births);

// The bytes that these survivors stand for, and how many independent blocks those are worth.
struct BornBytes {
  double bytes = 0;
  double effective = 0;
  double span_ms = 0;
};
BornBytes SumBirths(const SiteHistory& history, const Window& window, double cut_ms);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_BIRTHS_H_
