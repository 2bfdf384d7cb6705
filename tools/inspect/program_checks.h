// SPDX-License-Identifier: Apache-2.0
//
// Checks the file of a program: can it be preloaded, will its allocations be seen, can its stacks
// be named?
#ifndef LEAKTRACK_TOOLS_INSPECT_PROGRAM_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_PROGRAM_CHECKS_H_

#include <string>

#include "tools/inspect/finding.h"

namespace leaktrack {

// Checks the file at root + path: architecture, linkage, C library, privileges, allocator,
// sanitizer, symbols. `root`: empty, or the root directory of another process. `path` must not be
// a script. `file`: another path of the same file, or empty. /proc/PID/exe opens a file that no
// path leads to any more.
Findings CheckProgramFile(const std::string& path, const std::string& root = "",
                          const std::string& file = "");

// The first finding of a level, as "/bin/x is statically linked; link it dynamically". Empty:
// none.
std::string FirstOf(Level level, const Findings& findings, const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PROGRAM_CHECKS_H_
