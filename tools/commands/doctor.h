// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack doctor`: can this program or process be tracked, and if not, why and what to do?
//
// Promises: looks, changes nothing, sends no signal. Exit status: 0 it can be tracked, 1 something
// forbids it, 2 it could not be examined.
#ifndef LEAKTRACK_TOOLS_COMMANDS_DOCTOR_H_
#define LEAKTRACK_TOOLS_COMMANDS_DOCTOR_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace leaktrack {

struct DoctorOptions {
  std::string target;  // a pid, or a program as one would type it; empty with `command`
  std::vector<std::string> command;  // a command line as one would give it to run
  std::string output_directory;  // where captures would go; empty: $LEAKTRACK_OUT, else the current
                                 // directory
  std::string format = "text";   // text or json
};

absl::StatusOr<int> RunDoctor(const DoctorOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_DOCTOR_H_
