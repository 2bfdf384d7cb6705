// SPDX-License-Identifier: Apache-2.0
//
// What a look at a heap found, as data: what it consists of, what grows in it, what is lost in it,
// and who holds the rest.
//
// Promises: figures and enumerations; sentences are made in tools/report.
#ifndef LEAKTRACK_TOOLS_WITNESS_WITNESS_H_
#define LEAKTRACK_TOOLS_WITNESS_WITNESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/witness/heaps/blocks.h"

namespace leaktrack::witness {

enum class HolderKind : uint8_t {
  kGlobal,
  kThreadLocal,
  kStack,
  kHeap,
  kMapping,
  kKernel,
  kItself,
  kUnknown
};

struct Holder {
  HolderKind kind = HolderKind::kUnknown;
  std::string name, module;  // empty: not known
  uint32_t site = 0;  // of kHeap, in a tracked process: where those blocks come from; 0: none
  double share = 0;   // of the examined blocks
};

enum class MemoryVerdict : uint8_t { kUnknown, kHeld, kMixed, kLost };

// What memory says about some blocks.
struct Evidence {
  MemoryVerdict verdict = MemoryVerdict::kUnknown;
  uint64_t examined = 0, lost = 0;
  uint64_t undecided = 0;  // nothing seems to hold them, but that is not certain
  uint64_t definite = 0, indirect = 0, possible = 0;
  // Of a tracked process: where the objects come from that were lost with these blocks in them, if
  // from elsewhere; 0: they were not, or it is not known.
  uint32_t head_site = 0;
  int looks = 0;
  double seconds_ago = 0;
  std::string reason;           // where the verdict is unknown
  std::vector<Holder> holders;  // best first
};

struct Growth {
  double rate = 0, low = 0, high = 0;  // bytes per hour; the range of 90 %
};

struct Group {
  std::string type;   // empty: blocks of one size, or of one site
  uint32_t site = 0;  // of a tracked process; 0: not by sites
  uint64_t block_bytes = 0, objects = 0, bytes = 0;
  std::optional<Growth> growth;  // none: there was one reading
  bool grows = false;            // certainly, and by an amount that matters
  Evidence memory;
};

struct Goroutines {
  std::string created, waiting;
  uint64_t count = 0;
  std::optional<double> growth_per_hour;
};

enum class Conclusion : uint8_t { kNothing, kLeak, kGrows, kInconclusive };

struct Look {
  pid_t pid = 0;
  std::string command, core;  // core: the file, if it was one
  std::string allocator;      // empty: none was recognised
  uint64_t in_use = 0, free = 0, lost = 0;
  uint64_t resident = 0;
  std::optional<int64_t> resident_growth;  // bytes between the looks; none: there was one look
  std::vector<ArenaSums> arenas;
  std::vector<Goroutines> goroutines;
  bool is_go = false;
  std::string go_version;
  int looks = 0;
  double seconds_between = 0;
  double cost_seconds = 0, stopped_seconds = 0;
  uint64_t bytes_read = 0, unread_bytes = 0;
  std::vector<Group> groups;  // ranked
  size_t groups_left_out = 0;
  std::vector<std::string> doubts;
  Conclusion conclusion = Conclusion::kInconclusive;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_WITNESS_H_
