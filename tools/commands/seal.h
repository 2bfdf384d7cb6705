// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack seal`: writes the names that this machine knows into a capture, so that it opens
// complete elsewhere.
//
// Promises: the capture is replaced at once or not at all (a new file, renamed over it); what was
// recorded is not changed by a byte. Sealing again keeps the names of the old seal that are not
// known here. What a process still writes to, or what is another user's, is not replaced: of the
// first a copy is made, complete as of now, beside it ("x.sealed.ltk") or where -o says; for the
// second -o is asked for. A copy holds the last moments, too, as the flight recorder has them,
// where recorder and copy are of one user: nobody is told by us what another's process did. Of a
// directory all captures in it and below are sealed; one that cannot be does not keep the others
// from it.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SEAL_H_
#define LEAKTRACK_TOOLS_COMMANDS_SEAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct SealOptions {
  std::string capture;  // a file, or a directory of them
  std::string output;   // where the sealed copy goes, a file or a directory; empty: in its place
  bool source = false;  // the lines of source, too
  SymbolizerOptions symbols;
};

// The exit status: 0, though names may be missing; the line that is printed says how many. An error
// if any is not sealed.
absl::StatusOr<int> RunSeal(const SealOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SEAL_H_
