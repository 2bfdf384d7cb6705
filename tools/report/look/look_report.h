// SPDX-License-Identifier: Apache-2.0
//
// What a look at a heap found, as a page for people and as JSON for machines.
//
// Promises: both say the same. What could not be read or decided is said. Names go through
// SafeText.
#ifndef LEAKTRACK_TOOLS_REPORT_LOOK_LOOK_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_LOOK_LOOK_REPORT_H_

#include <cstddef>
#include <string>

#include "tools/witness/witness.h"

namespace leaktrack {

struct LookPage {
  size_t columns = 80;
  bool colour = false;
  size_t top = 12;  // groups that are shown
};

std::string LookText(const witness::Look& look, const LookPage& page);
std::string LookJson(const witness::Look& look);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_LOOK_LOOK_REPORT_H_
