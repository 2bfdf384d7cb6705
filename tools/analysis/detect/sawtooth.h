// SPDX-License-Identifier: Apache-2.0
//
// Shapes of the live level: teeth and periods. They name what the other tests have decided; they
// decide nothing.
//
// What: a tooth is a fall of the level by at least 30 % of its range around a straight line; a
// level is bursty if half of the bytes that die do so in a tenth of the time. A period is a lag at
// which the level repeats itself, seen twice. Why no verdict from it: a level is an integrated
// series, see never_dies.h.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_SAWTOOTH_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_SAWTOOTH_H_

#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

struct SawtoothShape {
  int count = 0;
  double bytes = 0;  // the median fall
  bool bursty = false;
  bool Saw() const { return count >= 3 && bursty; }
};
SawtoothShape FindSawtooth(const SiteHistory& history, const Window& window);

// The period of the level, or 0. At least two of them must have been seen.
double PeriodMs(const SiteHistory& history, const Window& window);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_SAWTOOTH_H_
