// SPDX-License-Identifier: Apache-2.0
//
// From captures on disk to the runs that a gate or a diff compares.
//
// What stands for a run: a capture; a directory of captures (a process tree: summed); a directory
// with directories "run-1", "run-2", ... in it is several runs of one version. What is suppressed
// is told by whole stacks, before anything is summed up.
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

struct LoadOptions {
  CountMode mode = CountMode::kGrown;
  SymbolizerOptions symbols;
  Suppressions* suppressions = nullptr;
  bool own_suppressions = false;  // also those that the programs bring, which are added to them
};

// Every run of a version. With kGrown, `leaks` holds what the analyzer accuses; with kAtExit, all
// that stayed.
absl::StatusOr<std::vector<GateRun>> LoadRuns(const std::string& path, const LoadOptions& options);

// Single tests that failed in a run because they keep memory: their names, as far as captures keep
// them. A test tells by a snapshot of this name (leaktrack/gtest.hpp).
inline constexpr char kKeepsMemory[] = "KeepsNothing:";
std::vector<std::string> TestsThatKeepMemory(const std::string& directory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_GATE_RUNS_H_
