// SPDX-License-Identifier: Apache-2.0
//
// What to do next, as commands to paste; nothing is ever run.
//
// Promises: only what applies here: a limit is raised by what the forecast asks for, a run-time is
// asked by its own tool. What would destroy evidence is said before anybody does it.
#ifndef LEAKTRACK_TOOLS_LIVE_WORDS_NEXT_STEPS_H_
#define LEAKTRACK_TOOLS_LIVE_WORDS_NEXT_STEPS_H_

#include <string>
#include <vector>

#include "tools/live/model/view.h"

namespace leaktrack::live {

struct NextOptions {
  bool can_look = false, can_attach = false;  // the program has these commands
  std::string cgroup_folder;                  // where memory cgroups are mounted
};

struct NextStep {
  std::string why;
  std::string command;  // empty: `why` is all there is
};

// For this process, which grows.
std::vector<NextStep> NextSteps(const ProcessView& process, const HostView& host,
                                const NextOptions& options);

// What not to do before that.
std::string KeepEvidence(const ProcessView& process);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_WORDS_NEXT_STEPS_H_
