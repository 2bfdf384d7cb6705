// SPDX-License-Identifier: Apache-2.0
//
// When the program began to tidy up.
//
// What: many programs free all they have before they exit. What grew until then has grown, so a run
// is judged as of the moment before: the last look at the counters after which, in the last moments
// of the run (1 % of it, two seconds at least), a site lost most of what had grown old there.
// Limits: a batch that happens to end there moves the moment too; that costs at most those last
// moments.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_HISTORY_SHUTDOWN_H_
#define LEAKTRACK_TOOLS_ANALYSIS_HISTORY_SHUTDOWN_H_

#include <set>

#include "libtrack/capture/capture.h"

namespace leaktrack {

struct Shutdown {
  double judged_ms = 0;                 // where the part of the run ends that is judged
  std::set<capture::SiteId> tidied_up;  // sites that lost most of their old blocks after it
};

Shutdown FindShutdown(const capture::Capture& capture);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_HISTORY_SHUTDOWN_H_
