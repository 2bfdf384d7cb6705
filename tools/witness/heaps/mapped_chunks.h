// SPDX-License-Identifier: Apache-2.0
//
// Finds the blocks that glibc has given mappings of their own.
//
// What: such a block begins a page with its size and a mark. Since the kernel lists neighbours as
// one mapping, headers are followed from the beginning of each anonymous mapping; the rest is
// looked through page by page if the allocator counts more than were found.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_MAPPED_CHUNKS_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_MAPPED_CHUNKS_H_

#include <optional>
#include <vector>

#include "tools/witness/heaps/glibc_layout.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

// Chunks with their headers, by address. `arenas`: where none can be, sorted.
std::vector<Range> FindMappedChunks(Memory& memory, const std::vector<Range>& arenas,
                                    const std::optional<GlibcParameters>& parameters);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_MAPPED_CHUNKS_H_
