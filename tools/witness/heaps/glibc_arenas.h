// SPDX-License-Identifier: Apache-2.0
//
// Finds the arenas of glibc's allocator in a process, without symbols.
//
// Why: production images are stripped, and the allocator's state is static. What: the main arena
// stands in writable data of the C library, or of a static program; its 127 bins name themselves
// where they are empty, so its place can be proven by its contents. The other arenas follow by
// their links, the heaps of each by its top.
// Promises: what does not have the shape is not taken; a chain that does not close is said.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_ARENAS_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_ARENAS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/witness/heaps/glibc_layout.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct ArenaPart {
  Range range;         // that chunks may lie in
  uint64_t first = 0;  // the first chunk; 0: to be searched for
};

struct FoundArena {
  uint64_t address = 0;
  bool is_main = false;
  GlibcArena state{};
  std::vector<ArenaPart> parts;
};

struct FoundArenas {
  std::vector<FoundArena> arenas;
  std::optional<GlibcParameters> parameters;
  std::vector<std::string> doubts;
};

FoundArenas FindGlibcArenas(Memory& memory);

// Does what stands at `address` have the shape of an arena?
bool HasArenaShape(const GlibcArena& state, uint64_t address);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_ARENAS_H_
