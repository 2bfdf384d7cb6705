// SPDX-License-Identifier: Apache-2.0
//
// Parts what sites still have at exit into what is lost and what is reachable, by what memory said.
//
// What: blocks that a suppression covers cover what they hold, as for LeakSanitizer: a lost block
// that only suppressed ones lead to is suppressed, too.
// Promises: pure.
#ifndef LEAKTRACK_TOOLS_COMPARE_LOST_COUNTS_H_
#define LEAKTRACK_TOOLS_COMPARE_LOST_COUNTS_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "libtrack/capture/recorder_layout.h"
#include "tools/witness/site_memory.h"

namespace leaktrack {

struct Amount {
  double count = 0;  // sampled blocks
  double blocks = 0, bytes = 0;
  void Add(double more_count, double more_blocks, double more_bytes);
};

struct KeptParts {
  Amount lost, covered, reachable;
  double undecided = 0;                  // blocks that memory does not tell about
  std::vector<witness::Holder> holders;  // of what is reachable, best first
};

class LostCounts {
 public:
  // `suppressed`: sites whose blocks are excused.
  LostCounts(const witness::RunMemory& memory, const std::set<capture::SiteId>& suppressed);

  KeptParts Of(const std::vector<capture::SiteId>& sites) const;

 private:
  void Cover(const witness::RunMemory& memory);

  const std::set<capture::SiteId>& suppressed_;
  std::map<capture::SiteId, const witness::SiteMemory*> sites_;
  std::map<capture::SiteId, Amount> covered_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_LOST_COUNTS_H_
