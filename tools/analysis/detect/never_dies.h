// SPDX-License-Identifier: Apache-2.0
//
// First half of a leak: blocks that have grown old do not die any more.
//
// What: over all blocks that reached the age A, exposure E = time lived beyond A, D = deaths beyond
// A. If old blocks died at a rate of at least 1/W, D would be Poisson(E/W) or more; p1 =
// P(Poisson(E/W) <= D). A is scanned over W/64 .. W/4 (five cuts, Bonferroni with half of the
// weight on the first), because nobody says how old the young ones get: this is what finds the 5 %
// of blocks that leak at a busy site.
// Why not the curve of live bytes: it is an integrated series; regression on it accuses 3 to 12 %
// of healthy sites. Deaths come in bursts, too: a garbage collector frees in one go what it found,
// and what was allocated since lives on until the next time. A burst is one observation, so D and E
// are both divided by the dispersion of the old deaths over 32 stretches of the run (a ruby that
// parses JSON was accused without this: 58 old deaths, all of two collections). A cache that fills
// loses nothing until it is full. So where several old blocks died, D and E are also taken since
// the first of these deaths alone, and the larger p counts. Only survivors born after the warm-up
// count as exposure: a thousand start-up blocks that live for ever would otherwise vouch for the
// sessions allocated at the same site.
//   30 survivors of a leak, none dead, E = 15 W: p1 = 2 * e^-15 = 6e-7.   Churn, sessions, FIFO
//   caches: p1 near 1.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_NEVER_DIES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_NEVER_DIES_H_

#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

struct NeverDies {
  double p = 1;             // Bonferroni-corrected
  double cut_ms = 0;        // the age that gave it
  double exposure = 0;      // in units of the window, at that cut
  double deaths = 0;        // at that cut
  double clean_cut_ms = 0;  // the age from which on fewest die: what is older is the leak itself
  double residence_ms =
      0;  // above 0: old blocks die at about this age: a cache or pool with bounded residence
  bool at_one_age = false;  // those that die are about equally old: a cache, not sessions
  bool bounded() const { return residence_ms > 0; }
};

NeverDies TestNeverDies(const SiteHistory& history, const Window& window);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_NEVER_DIES_H_
