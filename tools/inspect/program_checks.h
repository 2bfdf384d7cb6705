// SPDX-License-Identifier: Apache-2.0
//
// What the file of a program says: can it be preloaded, will its allocations be seen, can its
// stacks be named?
#ifndef LEAKTRACK_TOOLS_INSPECT_PROGRAM_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_PROGRAM_CHECKS_H_

#include <string>

#include "tools/inspect/finding.h"

namespace leaktrack {

// Of the file at root + path (`root` empty, or the root directory of another process):
// architecture, linkage, C library, privileges, allocator, sanitizer, symbols. `path` must not be a
// script. `file`, if not empty, is another path of the same file: /proc/PID/exe opens what no path
// leads to.
Findings CheckProgramFile(const std::string& path, const std::string& root = "",
                          const std::string& file = "");

// The first finding of a level, as "/bin/x is statically linked; link it dynamically"; empty: there
// is none.
std::string FirstOf(Level level, const Findings& findings, const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PROGRAM_CHECKS_H_
