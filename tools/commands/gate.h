// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack gate`: pass or fail, for a build pipeline.
//
// Promises: exit 0 pass, 1 a leak that is new, worse or over a limit, 2 the gate could not do its
// work (a command that failed, a file that is none), 3 inconclusive (settable); never a silent
// pass. A gate that writes a baseline passes what the baseline then holds.
#ifndef LEAKTRACK_TOOLS_COMMANDS_GATE_H_
#define LEAKTRACK_TOOLS_COMMANDS_GATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct GateCommandOptions {
  std::string capture;               // as in DiffOptions; empty with `command`
  std::vector<std::string> command;  // run this, `runs` times, and gate what it leaves
  size_t runs = 3;
  bool cost = false;  // run it once more, untracked, to tell what tracking costs
  std::string keep;   // where captures of those runs go; empty: removed again
  std::string interval = "16KiB";
  bool at_exit = false;
  std::string baseline, write_baseline;
  bool update_baseline = false;           // write `baseline` anew, or for the first time
  std::vector<std::string> suppressions;  // files
  std::string min_bytes;                  // per unit of work; empty: 1 KiB, at exit 1 byte
  std::string max_total, max_site;        // limits; empty: none
  std::string limits;                // a file of limits (limits.h); the options above go before it
  std::string junit, sarif, gitlab;  // files to write
  std::string
      source_root;  // files below it are named from there; empty: FindCheckout() of where we are
  bool github = false;          // annotations to standard output, summary to $GITHUB_STEP_SUMMARY
  std::string format = "text";  // text or json
  std::string inconclusive = "3";  // pass, fail or 3
  SymbolizerOptions symbols;
};

absl::StatusOr<int> RunGate(const GateCommandOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_GATE_H_
