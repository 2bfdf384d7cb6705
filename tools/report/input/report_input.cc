// SPDX-License-Identifier: Apache-2.0
#include "tools/report/input/report_input.h"

namespace leaktrack {

const char* EndName(const capture::Capture& capture) {
  if (Lives(capture)) return "running";
  switch (capture.end_state) {
    case capture::RunState::kExited:
      return "exited";
    case capture::RunState::kCrashed:
      return "crashed";
    case capture::RunState::kExec:
      return "exec";
    case capture::RunState::kKilled:
      return capture.oom_kill ? "oom_killed" : "killed";
    case capture::RunState::kStarting:
    case capture::RunState::kRunning:
      break;  // it ended, and nobody saw how
  }
  return "unknown";
}

const char* HookStateName(capture::HookState state) {
  switch (state) {
    case capture::HookState::kActive:
      return "active";
    case capture::HookState::kBypassed:
      return "bypassed";
    case capture::HookState::kAbsent:
      break;
  }
  return "absent";
}

}  // namespace leaktrack
