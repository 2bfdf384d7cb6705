// SPDX-License-Identifier: Apache-2.0
//
// One check: its subject, its result, and what to do about it.
#ifndef LEAKTRACK_TOOLS_INSPECT_FINDING_H_
#define LEAKTRACK_TOOLS_INSPECT_FINDING_H_

#include <cstdint>
#include <string>
#include <vector>

namespace leaktrack {

enum class Level : uint8_t {
  kOk,
  kNote,     // good to know; nothing is lost
  kWarning,  // tracked, but something will be missing
  kBlind,    // can be preloaded, but its blocks are not seen
  kBlocker,  // cannot be preloaded
};

struct Finding {
  Level level = Level::kOk;
  std::string check;   // one word, stable: "linkage", "allocator" ...
  std::string what;    // a sentence without a full stop
  std::string remedy;  // what to do; empty where nothing needs doing
};

using Findings = std::vector<Finding>;

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_FINDING_H_
