// SPDX-License-Identifier: Apache-2.0
//
// The build-id of the program that runs: what tells two builds of one version apart.
#ifndef LEAKTRACK_TOOLS_BASE_OWN_BUILD_ID_H_
#define LEAKTRACK_TOOLS_BASE_OWN_BUILD_ID_H_

#include <string>

namespace leaktrack {

// In hexadecimal; empty if the linker wrote none.
std::string OwnBuildId();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_OWN_BUILD_ID_H_
