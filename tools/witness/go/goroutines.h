// SPDX-License-Identifier: Apache-2.0
//
// The goroutines of a Go program, from outside: where they were created, and where they wait.
//
// What: the runtime's list of all goroutines is found by its shape, so that stripped programs work;
// their stacks are walked by frame pointers.
// Limits: Go 1.19; programs of other versions are named and refused. At most 200,000 goroutines are
// looked at. The runtime's own goroutines are left out.
#ifndef LEAKTRACK_TOOLS_WITNESS_GO_GOROUTINES_H_
#define LEAKTRACK_TOOLS_WITNESS_GO_GOROUTINES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/witness/memory/memory.h"
#include "tools/witness/memory/modules.h"

namespace leaktrack::witness {

struct GoFacts {
  std::string version;  // "go1.19.8"; empty: no Go program
  std::string problem;  // why there are no goroutines
  // How many were created here and wait there.
  std::map<std::pair<std::string, std::string>, uint64_t> goroutines;
};

GoFacts ReadGo(Memory& memory, const std::vector<Module>& modules);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_GO_GOROUTINES_H_
