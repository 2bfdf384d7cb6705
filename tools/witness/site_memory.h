// SPDX-License-Identifier: Apache-2.0
//
// What memory says about the blocks of a tracked process, site by site.
//
// What: per site how much is lost and who holds the rest, and the graph of what is lost: whoever
// excuses a site afterwards, by a suppression, excuses with it what its lost blocks hold.
// Promises: values only. Amounts are estimates where blocks were sampled; `Evidence` counts the
// blocks that were examined.
#ifndef LEAKTRACK_TOOLS_WITNESS_SITE_MEMORY_H_
#define LEAKTRACK_TOOLS_WITNESS_SITE_MEMORY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/witness/witness.h"

namespace leaktrack::witness {

struct SiteMemory {
  uint32_t site = 0;  // capture::SiteId
  double objects = 0, bytes = 0;
  double lost_objects = 0, lost_bytes = 0;
  Evidence memory;
};

struct LostBlock {
  uint32_t site = 0;  // 0: nobody recorded it
  double objects = 0, bytes = 0;
};

// When the process was looked at.
enum class LookMoment : uint8_t { kAlive, kExit, kCheck };

struct RunMemory {
  uint64_t run_id = 0;
  LookMoment moment = LookMoment::kAlive;
  int looks = 0;
  double at_seconds = 0;          // the last look, since the start of the run
  std::string reason;             // why nothing is known of any site; empty: it is
  std::vector<SiteMemory> sites;  // by number
  std::vector<LostBlock> lost;    // as far as there was room
  std::vector<std::pair<uint32_t, uint32_t>> holds;  // of `lost`: the first points to the second
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_SITE_MEMORY_H_
