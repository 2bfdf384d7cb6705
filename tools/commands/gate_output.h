// SPDX-License-Identifier: Apache-2.0
//
// What a gate leaves behind: reports for people and CI systems, and a baseline.
//
// Promises: a report of an earlier gate is never left to be read as this one's: where one stands,
// it says from the start that the gate has not come to an end, until it has. A baseline is only
// written of runs that prove something, as a whole or not at all, and where a symbolic link leads
// to.
#ifndef LEAKTRACK_TOOLS_COMMANDS_GATE_OUTPUT_H_
#define LEAKTRACK_TOOLS_COMMANDS_GATE_OUTPUT_H_

#include <string>

#include "absl/status/status.h"
#include "tools/commands/gate.h"
#include "tools/commands/output.h"
#include "tools/compare/gate.h"

namespace leaktrack {

// The baseline to write; empty: none.
const std::string& BaselineToWrite(const GateCommandOptions& options);

absl::Status CheckGateOutputs(const GateCommandOptions& options, const Inputs& inputs);

absl::Status RetireReports(const GateCommandOptions& options, const Inputs& inputs);

// Writes the baseline, if that is asked for and the runs allow it, and says so.
absl::Status WriteBaseline(const GateCommandOptions& options, const Baseline& old,
                           const Inputs& inputs, GateResult& result);

absl::Status WriteReports(const GateCommandOptions& options, const GateResult& result,
                          const Inputs& inputs);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_GATE_OUTPUT_H_
