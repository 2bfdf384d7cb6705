// SPDX-License-Identifier: Apache-2.0
//
// The answers of `serve`: from a request and the latest snapshot to a response.
//
// Promises: captures are named by run id, never by path, so that no request leaves the directories
// that were named. Nothing is written, and no captures are folded that this user could not fold by
// hand.
// Thread-safety: Answer() may be called from two threads.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SERVE_ROUTES_H_
#define LEAKTRACK_TOOLS_COMMANDS_SERVE_ROUTES_H_

#include "tools/commands/serve_state.h"
#include "tools/live/http/message.h"

namespace leaktrack {

class ServeRoutes {
 public:
  explicit ServeRoutes(const ServeState& state) : state_(state) {}

  live::Response Answer(const live::Request& request) const;

  // Reports take long; all else is ready.
  static bool TakesLong(const live::Request& request);

 private:
  const ServeState& state_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SERVE_ROUTES_H_
