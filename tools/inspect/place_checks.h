// SPDX-License-Identifier: Apache-2.0
//
// Where a run would leave its files: is there room, and may it write?
//
// Promises: tries for real where it may (permission bits do not know of a full disk), leaves
// nothing behind.
#ifndef LEAKTRACK_TOOLS_INSPECT_PLACE_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_PLACE_CHECKS_H_

#include <sys/types.h>

#include <string>

#include "tools/inspect/finding.h"

namespace leaktrack {

// Where captures go: `asked`, else $LEAKTRACK_OUT, else the current directory; absolute.
std::string OutputDirectory(const std::string& asked);

// Empty, or why files cannot be written in `directory`. Creates the directory if `create`.
std::string WhyNotWritable(const std::string& directory, bool create);

// Whose rights count: those of the user that the program runs as.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

// `created`: a directory that is not there will be made, as `run` does; what counts is where.
Finding CheckOutput(const std::string& directory, const User& user, bool created = false);

// The place of flight recorders, as seen under `root`.
Finding CheckRecorderPlace(const std::string& root, const User& user);

Finding CheckKernel();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PLACE_CHECKS_H_
