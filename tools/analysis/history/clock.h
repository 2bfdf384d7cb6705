// SPDX-License-Identifier: Apache-2.0
//
// Time as the program's work counts it.
//
// What: maps a moment of the run to the work done until then, scaled so that the whole run has the
// same length as by the wall. Why: a leak per request is uniform in requests, whatever the load
// does; by the wall, a load that comes in bursts, or falls in the evening, makes it look like steps
// or like a cache that fills. Two sources: a counter that the program sets, and the bytes that it
// allocates and gives back. What stays alive is left out of the latter: a cache that fills would
// otherwise be the very clock by which it seems to fill steadily.
// Promises: increasing; the identity where there is too little work to go by.
//
// Thread-safety: none; a value.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_HISTORY_CLOCK_H_
#define LEAKTRACK_TOOLS_ANALYSIS_HISTORY_CLOCK_H_

#include <map>
#include <optional>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/history/site_history.h"

namespace leaktrack {

class Clock {
 public:
  // `sums`: work done at (i + 1) / n of the run, never falling, ending above 0.
  Clock(std::vector<double> sums, double end_ms);

  double At(double ms) const;

  // The same clock for the part of the run before `end_ms`: only the scale changes.
  Clock Until(double end_ms) const;

  // How far it strays from the wall's, at most, as a share of the run.
  double Strays() const;

 private:
  std::vector<double> sums_;  // of the whole run
  double run_ms_ = 0;
  double scale_ = 1;  // ms per unit of work
};

// The work clock of a run by the bytes allocated and freed again. Empty: too little of it, or it
// runs like the wall's.
std::optional<Clock> ClockOfChurn(const std::map<capture::SiteId, SiteHistory>& histories,
                                  double end_ms);

// The clock of the counter that the program sets, and whether it has counted in so many steps that
// the work itself is a long run. Empty: no counter, or one that hardly moved.
struct CountedWork {
  Clock clock;
  bool enough = false;
};
std::optional<CountedWork> ClockOfUnits(const capture::Capture& capture, double end_ms);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_HISTORY_CLOCK_H_
