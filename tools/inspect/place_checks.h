// SPDX-License-Identifier: Apache-2.0
//
// Checks the places where a run would leave its files: free space, and permission to write.
//
// Promises: tries for real where it may, because permission bits do not tell of a full disk.
// Leaves nothing behind.
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

// The user that the program runs as. Its permissions count.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

// `created`: the directory will be created if it does not exist, as `run` does. Then its parent
// counts.
Finding CheckOutput(const std::string& directory, const User& user, bool created = false);

// The place of flight recorders, as seen under `root`.
Finding CheckRecorderPlace(const std::string& root, const User& user);

Finding CheckKernel();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PLACE_CHECKS_H_
