// SPDX-License-Identifier: Apache-2.0
//
// Checks a running process beyond its file: is it tracked, was a preload ignored, is it in a
// sandbox?
#ifndef LEAKTRACK_TOOLS_INSPECT_PROCESS_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_PROCESS_CHECKS_H_

#include "tools/inspect/finding.h"
#include "tools/inspect/process_facts.h"

namespace leaktrack {

// All checks, those of its program file included.
Findings CheckProcess(const ProcessFacts& facts);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_PROCESS_CHECKS_H_
