// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack dump`: what a capture holds, as text, one record a line. For looking closely, and for
// grep.
#ifndef LEAKTRACK_TOOLS_COMMANDS_DUMP_H_
#define LEAKTRACK_TOOLS_COMMANDS_DUMP_H_

#include <string>

#include "absl/status/statusor.h"
#include "libtrack/capture/capture.h"

namespace leaktrack {

struct DumpOptions {
  std::string capture;
  std::string output;  // empty: standard output
};

absl::StatusOr<int> RunDump(const DumpOptions& options);

std::string DumpText(const capture::Capture& capture);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_DUMP_H_
