// SPDX-License-Identifier: Apache-2.0
//
// Which living processes are tracked, and what their captures say of them.
//
// What: the flight recorders of this host name process and capture; of a process in a container
// they lie in its own /dev/shm. A capture is analysed when asked for, and at most once in
// kSecondsPerAnalysis.
// Promises: reads only. A process that has the library and whose capture cannot be read is tracked,
// with the reason.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMMANDS_TRACKED_PROCESSES_H_
#define LEAKTRACK_TOOLS_COMMANDS_TRACKED_PROCESSES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"
#include "tools/live/model/view.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

class FrameCache;

// What a capture says, short: its sites, ranked, and where its memory went.
live::TrackedView Summarize(const capture::Capture& capture, const Analysis& analysis);

class TrackedProcesses {
 public:
  static constexpr double kSecondsPerAnalysis = 20;

  TrackedProcesses();
  ~TrackedProcesses();

  // Fills `tracked` of all processes in `view`, and the sites of the first `analysed` tracked ones.
  void Fill(size_t analysed, live::HostView& view);

 private:
  struct Known {
    live::TrackedView view;
    double analysed_at = -kSecondsPerAnalysis;
  };
  using Place = std::pair<uint64_t, uint32_t>;  // pid namespace and pid

  void FindIn(const std::string& directory, const std::string& root);
  Known* Find(const live::ProcessReading& process);
  void Analyse(Known& known);

  SymbolizerOptions symbols_;
  std::unique_ptr<FrameCache> cache_;
  std::map<Place, std::string> captures_;  // by process: the path of its capture
  std::map<live::ProcessKey, Known> known_;
  std::map<live::ProcessKey, uint64_t> namespaces_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_TRACKED_PROCESSES_H_
