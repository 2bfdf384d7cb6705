// SPDX-License-Identifier: Apache-2.0
//
// What tests ask of their own process, and what they do in a child of it.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_SUPPORT_OWN_PROCESS_H_
#define LEAKTRACK_TESTS_SUPPORT_OWN_PROCESS_H_

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace leaktrack::testing {

// An amount of /proc/self/status in bytes ("VmSize:"); 0 if there is none of that name.
inline uint64_t FromStatus(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == name && status >> kib) return kib * 1024;
  }
  return 0;
}

inline uint64_t AddressSpace() { return FromStatus("VmSize:"); }

// Calls `body` in a child. Its result; minus the signal if one ended the child.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 255;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_SUPPORT_OWN_PROCESS_H_
