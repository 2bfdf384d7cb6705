// SPDX-License-Identifier: Apache-2.0
//
// From the user's input to the file that the kernel will run.
//
// Promises: reads only. Finds a program as execvp does, and follows scripts to their interpreters
// as the kernel does.
#ifndef LEAKTRACK_TOOLS_INSPECT_LOCATE_H_
#define LEAKTRACK_TOOLS_INSPECT_LOCATE_H_

#include <string>
#include <vector>

namespace leaktrack {

enum class Found { kYes, kNotFound, kNotExecutable };

struct Located {
  Found found = Found::kYes;
  std::string path;  // of the program; as typed if it was not found
};

Located Locate(const std::string& command);

// The program that really runs: `path` itself, or the interpreter of a script, found under `root`.
std::string InterpreterOf(const std::string& path, const std::string& root = "");

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_LOCATE_H_
