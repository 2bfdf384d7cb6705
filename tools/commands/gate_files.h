// SPDX-License-Identifier: Apache-2.0
//
// The files that a gate reads and writes beside captures: baseline, limits, suppressions, and the
// results for CI systems.
//
// Promises: a file that is read is never written over, but for a baseline that is renewed where it
// was read, as a whole or not at all. What stands in the way of a result is an error before the
// work begins. A report of an earlier gate is never left to be read as this one's: it says from the
// start that the gate has not come to an end, until it has. A baseline is only written of runs that
// prove something.
#ifndef LEAKTRACK_TOOLS_COMMANDS_GATE_FILES_H_
#define LEAKTRACK_TOOLS_COMMANDS_GATE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/commands/option_list.h"
#include "tools/commands/output.h"
#include "tools/compare/gate.h"

namespace leaktrack {

struct GateFiles {
  std::string baseline, write_baseline;
  bool update_baseline = false;           // write `baseline` anew, or for the first time
  std::string limits;                     // limits.h
  std::vector<std::string> suppressions;  // suppressions.h
  std::string junit, sarif, gitlab;       // results
  bool github = false;      // annotations to standard output, summary to $GITHUB_STEP_SUMMARY
  std::string source_root;  // files below it are named from there; empty: FindCheckout() of here
};

void AddGateFiles(OptionList& list, GateFiles& files);

// All that is read, but captures.
Inputs InputsOf(const GateFiles& files);

absl::StatusOr<GateLimits> ReadLimits(const GateFiles& files);
absl::StatusOr<Baseline> ReadBaseline(const GateFiles& files);
absl::Status ReadSuppressions(const GateFiles& files, Suppressions& suppressions);

// May all results be written?
absl::Status CheckResultFiles(const GateFiles& files, const Inputs& inputs);

// Marks the results of an earlier gate as unfinished.
absl::Status RetireResultFiles(const GateFiles& files, const Inputs& inputs);

// Writes the baseline, if that is asked for and the runs allow it, and says so. What the baseline
// then holds passes.
absl::Status WriteBaseline(const GateFiles& files, const Baseline& old, const Inputs& inputs,
                           GateResult& result);

// Call after the verdict was printed: a file that cannot be written does not take that away.
absl::Status WriteResultFiles(const GateFiles& files, const GateResult& result,
                              const Inputs& inputs);

// Source files in `result` get names from the root of the checkout.
void NameSourceFiles(const GateFiles& files, GateResult& result);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_GATE_FILES_H_
