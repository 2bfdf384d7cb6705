// SPDX-License-Identifier: Apache-2.0
//
// Runs a command several times under the tracker, each run into a directory of its own, and
// measures what that took.
//
// Promises: a run that fails ends the whole, as an error that names it. Captures are removed again
// unless the user named a place for them.
//
// Thread-safety: none; from the main thread.
#ifndef LEAKTRACK_TOOLS_COMMANDS_REPEATED_RUNS_H_
#define LEAKTRACK_TOOLS_COMMANDS_REPEATED_RUNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/commands/option_list.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct RepeatedRuns {
  size_t runs = 3;
  std::string interval = "16KiB";
  bool cost = false;          // run it once more, untracked, to tell what tracking costs
  bool look_at_exit = false;  // hold each process at its end to look at its memory (exit_hold.h)
  SymbolizerOptions symbols;  // for that look
  std::string keep;           // where captures go; empty: removed again
};

void AddRepeatedRuns(OptionList& list, RepeatedRuns& options);

// A directory of our own for captures, removed at the end unless the caller named it.
class RunPlace {
 public:
  explicit RunPlace(const std::string& keep);
  ~RunPlace();
  RunPlace(const RunPlace&) = delete;
  RunPlace& operator=(const RunPlace&) = delete;
  const std::string& path() const { return path_; }  // empty: none could be made

 private:
  bool keep_;
  std::string path_;
};

struct CpuCost {
  double plain_seconds = 0;    // 0: not measured
  double tracked_seconds = 0;  // of one run
};

// "; each took 2s of CPU, 1.10 times the 1.8s of one run untracked"; empty where nothing was run.
std::string CostText(const CpuCost& cost);

// The captures of run N are in `place`/run-N.
absl::StatusOr<CpuCost> RunRepeatedly(const std::vector<std::string>& command,
                                      const RepeatedRuns& options, const std::string& place);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_REPEATED_RUNS_H_
