// SPDX-License-Identifier: Apache-2.0
//
// From captures on disk to the runs that a gate or a diff compares.
//
// What stands for a run: a capture; a directory of captures (a process tree: summed); a directory
// with directories "run-1", "run-2", ... in it is several runs of one version.
#ifndef LEAKTRACK_TOOLS_COMMANDS_GATE_RUNS_H_
#define LEAKTRACK_TOOLS_COMMANDS_GATE_RUNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/compare/gate.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

inline constexpr char kRunDirectory[] = "run-";

// The captures of each run of a version.
absl::StatusOr<std::vector<std::vector<std::string>>> CapturesOfRuns(const std::string& path);

// Every run of a version. With kGrown, `leaks` holds what the analyzer accuses; with kAtExit, all
// that stayed.
absl::StatusOr<std::vector<GateRun>> LoadRuns(const std::string& path, CountMode mode,
                                              const SymbolizerOptions& symbols);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_GATE_RUNS_H_
