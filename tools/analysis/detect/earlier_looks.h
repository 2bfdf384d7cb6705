// SPDX-License-Identifier: Apache-2.0
//
// Earlier looks at the same run, replayed from the one capture.
//
// What: the tests as they would have come out after 10 minutes, 20, 40, ...; from them what is new,
// confirmed or retracted. Why: early looks err most (a cache that fills is a leak, ten minutes
// long), and a site that grew and has stopped deserves to be told so. An accusation is confirmed
// when its growth was significant at the last look before half of the run too, is strict by now,
// and has been watched for four hours. While many different functions grow at once a process is
// warming up: leaks are few, warm-ups are many. Nothing is confirmed then but what would fill the
// memory within a day.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_EARLIER_LOOKS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_EARLIER_LOOKS_H_

#include <optional>
#include <vector>

#include "tools/analysis/detect/hypotheses.h"

namespace leaktrack {

inline constexpr double kFirstLookSeconds = 600;
inline constexpr double kConfirmMinSeconds = 4 * 3600;
inline constexpr double kWarmUpMaxSeconds = 24 * 3600;

// A verdict that passed its bound of probability at one of the last looks is held while it is not
// far below: reports a minute apart do not take turns.
void HoldVerdicts(std::vector<Hypothesis>& hypotheses, const Look& last);

// Sets the state of every hypothesis. `singles` are those that JudgeAll made of one site each; all
// are judged again. `headroom_bytes`: to the memory limit, if known. Returns whether the process is
// warming up.
bool ReplayLooks(std::vector<Hypothesis>& hypotheses, const Look& last,
                 std::optional<double> headroom_bytes);

// Where a hypothesis stopped growing.
Plateau PlateauOf(const SiteHistory& history);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_EARLIER_LOOKS_H_
