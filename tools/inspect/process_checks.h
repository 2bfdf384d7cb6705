// SPDX-License-Identifier: Apache-2.0
//
// What a running process tells beyond its file: is it tracked already, was a preload ignored, does
// a sandbox hold it?
#ifndef LEAKTRACK_TOOLS_INSPECT_PROCESS_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_PROCESS_CHECKS_H_

#include "tools/inspect/finding.h"
#include "tools/inspect/process_facts.h"

namespace leaktrack {

// All of it, its program file included.
Findings CheckProcess(const ProcessFacts& facts);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PROCESS_CHECKS_H_
