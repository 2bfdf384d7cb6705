// SPDX-License-Identifier: Apache-2.0
//
// Pushes profiles of the living processes that `serve` sees, at even times, from a thread of its
// own.
//
// Promises: only where --push asks for it. A server that fails costs no other work: what waits is
// bounded, on disk if a queue was named, and is tried again each time. A problem is said once on
// standard error until it changes.
//
// Thread-safety: the thread reads snapshots, which never change.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SERVE_PUSH_H_
#define LEAKTRACK_TOOLS_COMMANDS_SERVE_PUSH_H_

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tools/commands/push_posts.h"
#include "tools/commands/serve_state.h"
#include "tools/push/outbox.h"

namespace leaktrack {

class ServePush {
 public:
  ServePush(const ServeState& state, PushTarget target, push::Outbox box,
            std::chrono::seconds every);
  ~ServePush();

 private:
  void Work();
  void Round();
  void Say(const push::Delivery& delivery);

  const ServeState& state_;
  const PushTarget target_;
  push::Outbox box_;
  const std::chrono::seconds every_;
  std::string said_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SERVE_PUSH_H_
