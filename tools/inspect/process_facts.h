// SPDX-License-Identifier: Apache-2.0
//
// The facts in /proc about a running process that matter for tracking it.
//
// Promises: reads only. Facts that may not be read (another user's process) are empty, and
// `readable` tells.
#ifndef LEAKTRACK_TOOLS_INSPECT_PROCESS_FACTS_H_
#define LEAKTRACK_TOOLS_INSPECT_PROCESS_FACTS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace leaktrack {

struct ProcessFacts {
  pid_t pid = 0, parent = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  int seccomp = 0;         // 0: none, 1: strict, 2: a filter
  std::string executable;  // as the process sees it; empty: not readable, or a kernel thread
  std::string file;        // the same file as a path that we can open
  std::string root;        // "/proc/PID/root"; empty: it sees the same files as we do
  std::vector<std::string> libraries;  // mapped files, each once
  bool preload_asked = false;          // its LD_PRELOAD names libleaktrack.so
  std::string output;                  // its LEAKTRACK_OUT, else its working directory
  bool secure = false;                 // AT_SECURE: the loader ignores preloads
  bool readable = true;                // false: environment, maps or auxv could not be read
};

// Empty: there is no such process.
std::optional<ProcessFacts> ReadProcessFacts(pid_t pid);

// The seccomp mode of a process, 0 where it is not known.
int SeccompMode(pid_t pid);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PROCESS_FACTS_H_
