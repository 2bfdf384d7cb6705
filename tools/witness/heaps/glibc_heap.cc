// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/glibc_heap.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/witness/heaps/chunk_walk.h"
#include "tools/witness/heaps/free_lists.h"
#include "tools/witness/heaps/glibc_arenas.h"
#include "tools/witness/heaps/mapped_chunks.h"
#include "tools/witness/heaps/resolve.h"

namespace leaktrack::witness {
namespace {

// A part of an arena, or a block with a mapping of its own.
struct Segment {
  Range range;
  size_t arena = 0;
  uint64_t first = 0, top = 0;
  bool mapped = false;
};

class Reader {
 public:
  Reader(Memory& memory, const HeapLimits& limits) : memory_(memory), limits_(limits) {}

  Heap Read(const std::vector<Range>& constants, std::vector<Range>& own_state) {
    heap_.first_words.SetConstants(constants);
    found_ = FindGlibcArenas(memory_);
    heap_.doubts = found_.doubts;
    if (found_.arenas.empty()) return std::move(heap_);
    heap_.allocator = "glibc";
    for (const FoundArena& arena : found_.arenas) {
      if (arena.is_main) own_state.push_back({arena.address, arena.address + sizeof(GlibcArena)});
    }
    AddArenas();
    AddMappedChunks();
    if (!heap_.spans.Finish())
      heap_.doubts.push_back("the heap is larger than 32 GiB; what lies beyond was not judged");
    Walk();
    MarkFreeLists(memory_, found_, caches_, heap_);
    if (!HasCache() && heap_.blocks.size() > 1000)
      heap_.doubts.emplace_back(
          "no thread has a cache of the known layout: freed blocks may count as used");
    ResolvePointers(heap_);
    return std::move(heap_);
  }

 private:
  void AddArenas() {
    for (const FoundArena& arena : found_.arenas) {
      const size_t number = heap_.arenas.size();
      heap_.arenas.push_back({.system = arena.state.system_memory});
      for (const ArenaPart& part : arena.parts) {
        segments_.push_back({part.range, number, part.first, arena.state.top, false});
        heap_.spans.Add(part.range);
      }
    }
  }

  // Each thread that allocates has one, even if nothing is in it.
  bool HasCache() const {
    return std::any_of(heap_.blocks.begin(), heap_.blocks.end(),
                       [](const Block& block) { return block.size == kCacheBytes; });
  }

  // Blocks with mappings of their own belong to no arena: they count for the first.
  void AddMappedChunks() {
    std::vector<Range> arenas = Ranges();
    const std::vector<Range> chunks = FindMappedChunks(memory_, arenas, found_.parameters);
    uint64_t bytes = 0;
    for (const Range& chunk : chunks) bytes += chunk.size();
    if (found_.parameters && std::cmp_greater(chunks.size(), found_.parameters->mapped_chunks)) {
      heap_.doubts.push_back(
          absl::StrCat(chunks.size(), " mappings look like blocks, but the allocator counts ",
                       found_.parameters->mapped_chunks, ": none of them was judged"));
      return;
    }
    if (found_.parameters && bytes < found_.parameters->mapped_bytes) {
      heap_.doubts.push_back(absl::StrCat("of ", found_.parameters->mapped_chunks,
                                          " blocks with a mapping of their own ", chunks.size(),
                                          " were found; what the others hold counts as held"));
    }
    for (const Range& chunk : chunks) {
      segments_.push_back({chunk, 0, 0, 0, true});
      heap_.spans.Add(chunk);
    }
  }

  std::vector<Range> Ranges() const {
    std::vector<Range> ranges;
    for (const Segment& segment : segments_) ranges.push_back(segment.range);
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
    return ranges;
  }

  // By address, so that blocks come out sorted.
  void Walk() {
    std::sort(segments_.begin(), segments_.end(),
              [](const Segment& a, const Segment& b) { return a.range.start < b.range.start; });
    PointerSink sink(heap_, limits_.pointers);
    const size_t known = heap_.spans.ranges().size();
    for (size_t i = 0; i < segments_.size() && i < known; ++i) {
      if (segments_[i].mapped)
        TakeMapped(segments_[i].range, sink);
      else
        WalkPart(segments_[i], sink);
    }
    heap_.first.push_back(static_cast<uint32_t>(heap_.targets.size()));
    CheckSums();
    if (heap_.blocks.size() >= limits_.blocks)
      heap_.doubts.push_back(absl::StrCat("there are more than ", limits_.blocks, " blocks"));
    if (heap_.dropped_pointers != 0)
      heap_.doubts.push_back(absl::StrCat("there was no room for ", heap_.dropped_pointers,
                                          " of the pointers between blocks"));
  }

  // What was walked must be about what the allocator says that it has.
  void CheckSums() {
    for (size_t i = 0; i < heap_.arenas.size(); ++i) {
      const ArenaSums& arena = heap_.arenas[i];
      const uint64_t walked = arena.in_use + arena.free - (i == 0 ? mapped_bytes_ : 0);
      if (walked < arena.system / 10 * 9)
        heap_.doubts.push_back(
            absl::StrCat("of an arena of ", FormatSize(static_cast<double>(arena.system)), " only ",
                         FormatSize(static_cast<double>(walked)), " were found to be chunks"));
    }
  }

  void WalkPart(const Segment& segment, PointerSink& sink) {
    ChunkWalk walk(heap_, sink, segment.arena, segment.range, segment.first, segment.top);
    memory_.ReadWritten(segment.range, [&](uint64_t address, const char* bytes, size_t size) {
      if (heap_.blocks.size() < limits_.blocks) walk.Take(address, bytes, size);
    });
    if (!walk.Finish())
      heap_.doubts.push_back(absl::StrCat("the chunk header at 0x", absl::Hex(walk.bad_at()),
                                          " makes no sense; what lies behind it was searched for"));
    caches_.insert(caches_.end(), walk.caches().begin(), walk.caches().end());
  }

  void TakeMapped(Range chunk, PointerSink& sink) {
    Block block;
    block.address = chunk.start + kHeader;
    block.size = chunk.size() - kHeader;
    heap_.blocks.push_back(block);
    heap_.first.push_back(static_cast<uint32_t>(heap_.targets.size()));
    heap_.first_word.push_back(0);
    heap_.arenas[0].in_use += chunk.size();
    mapped_bytes_ += chunk.size();
    sink.BeginBlock();
    memory_.ReadWritten({chunk.start + kHeader, chunk.end},
                        [&](uint64_t, const char* bytes, size_t size) { sink.Scan(bytes, size); });
  }

  Memory& memory_;
  const HeapLimits limits_;
  Heap heap_;
  FoundArenas found_;
  std::vector<Segment> segments_;
  std::vector<uint64_t> caches_;
  uint64_t mapped_bytes_ = 0;
};

}  // namespace

Heap ReadGlibcHeap(Memory& memory, const HeapLimits& limits, const std::vector<Range>& constants,
                   std::vector<Range>& own_state) {
  return Reader(memory, limits).Read(constants, own_state);
}

}  // namespace leaktrack::witness
