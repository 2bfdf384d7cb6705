// SPDX-License-Identifier: Apache-2.0
//
// Watches this host for as long as a command runs: looks, judges, and adds what captures and the
// kernel log tell.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMMANDS_LIVE_SESSION_H_
#define LEAKTRACK_TOOLS_COMMANDS_LIVE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/analysis/model/options.h"
#include "tools/commands/tracked_processes.h"
#include "tools/live/model/host.h"
#include "tools/live/read/host_reader.h"
#include "tools/live/words/next_steps.h"

namespace leaktrack {

// Seconds since 1970.
int64_t WallClock();

class LiveSession {
 public:
  explicit LiveSession(const StatusLevels& levels) : levels_(levels) {}

  // Takes one reading; those that grow get a close look when one is due.
  void Look();

  // `analysed`: of so many tracked processes the captures are read.
  live::HostView View(size_t analysed);

  const live::Host& host() const { return host_; }

 private:
  static constexpr double kFirstCloseLook =
      .8;  // seconds after the start: then it shows what grows
  static constexpr double kSecondsPerCloseLook = 10;

  StatusLevels levels_;
  live::HostReader reader_;
  live::Host host_;
  live::HostReading last_;
  TrackedProcesses tracked_;
  double first_look_ = -1, next_close_look_ = 0;
  uint32_t unreadable_ = 0;  // in the last close look
};

// What commands of this program exist, and where cgroups are.
live::NextOptions NextStepsHere();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_LIVE_SESSION_H_
