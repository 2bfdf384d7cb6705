// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack diff`: which sites leak more in one version of a program than in another?
#ifndef LEAKTRACK_TOOLS_COMMANDS_DIFF_H_
#define LEAKTRACK_TOOLS_COMMANDS_DIFF_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct DiffOptions {
  std::string base,
      now;  // each a capture, a process tree's directory, or a directory of run-N directories
  bool at_exit =
      false;  // count what was never freed, instead of what the second half of the run added
  std::string min_bytes;        // per unit of work; empty: DefaultMinBytes()
  std::string format = "text";  // text or json
  std::string output;
  SymbolizerOptions symbols;
};

// The exit status: 0 no regression, 1 regression, 3 inconclusive.
absl::StatusOr<int> RunDiff(const DiffOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_DIFF_H_
