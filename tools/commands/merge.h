// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack merge`: thousands of captures, a process tree's or a fleet's, in one summary.
//
// Promises: one capture in memory at a time; names are read once for each build; what cannot be
// read is counted and named and stops nothing.
#ifndef LEAKTRACK_TOOLS_COMMANDS_MERGE_H_
#define LEAKTRACK_TOOLS_COMMANDS_MERGE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct MergeOptions {
  std::vector<std::string> captures;  // files, or directories, with all below them
  std::string format = "text";        // text or json
  std::string output;
  size_t top = 0;  // sites of each program; 0: 5 in text, all in JSON
  SymbolizerOptions symbols;
};

// The exit status, as that of report.
absl::StatusOr<int> RunMerge(const MergeOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_MERGE_H_
