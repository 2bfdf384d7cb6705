// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack seal`: writes the names that this machine knows into a capture, so that it opens complete elsewhere.
//
// Promises: the capture is replaced at once or not at all (a new file, renamed over it); what was recorded is not changed by a byte.
// Sealing again keeps the names of the old seal that are not known here. A capture whose process still writes is refused.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SEAL_H_
#define LEAKTRACK_TOOLS_COMMANDS_SEAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct SealOptions {
  std::string capture;  // a file, or a directory of them
  std::string output;   // where the sealed copy goes; empty: in its place
  bool source = false;  // the lines of source, too
  SymbolizerOptions symbols;
};

// The exit status: 0, though names may be missing; the line that is printed says how many.
absl::StatusOr<int> RunSeal(const SealOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SEAL_H_
