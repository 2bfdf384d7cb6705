// SPDX-License-Identifier: Apache-2.0
//
// What `serve` knows at a moment, and the thread that renews it.
//
// Promises: a snapshot never changes once it is published; readers never wait for a look. Looks are
// spaced so that they take half a percent of one processor, whatever there is to see.
// Thread-safety: Latest() from any thread.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SERVE_STATE_H_
#define LEAKTRACK_TOOLS_COMMANDS_SERVE_STATE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tools/analysis/model/options.h"
#include "tools/commands/live_session.h"
#include "tools/live/model/gate.h"
#include "tools/live/words/index_page.h"

namespace leaktrack {

struct Snapshot {
  live::HostView host;
  std::set<std::string> unready, unhealthy;  // names of gates that are shut
  std::vector<live::KnownRun> runs;

  const live::KnownRun* FindRun(const std::string& run_id) const;
};

struct ServeSettings {
  std::vector<std::string> directories;
  StatusLevels levels;
  live::GateLevels ready{.9, 600}, health{.97, 60};
};

class ServeState {
 public:
  explicit ServeState(const ServeSettings& settings);
  ~ServeState();

  std::shared_ptr<const Snapshot> Latest() const;

 private:
  static constexpr double kSecondsPerLook = 5;
  static constexpr double kSecondsPerListing = 30;
  static constexpr double kRestPerWork = 200;  // seconds of rest for each of work

  void Watch();
  void Renew();
  void ListRuns();

  ServeSettings settings_;
  LiveSession session_;
  live::Gates ready_, health_;
  std::vector<live::KnownRun> ended_;
  double listed_at_ = -kSecondsPerListing;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::shared_ptr<const Snapshot> latest_;
  std::thread thread_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SERVE_STATE_H_
