// SPDX-License-Identifier: Apache-2.0
//
// Walks the chunks of one part of a heap of glibc's while its bytes come by, and notes for each
// block which granules its words point to.
//
// Why: a heap is read once, from front to back; what a block holds is known before the header
// behind it tells whether the block is free. Words of blocks that turn out free are taken back.
// Promises: any bytes are legal. Where a header makes no sense, the walk looks for the next place
// from which four headers follow each other, and reports what it passed over.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_CHUNK_WALK_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_CHUNK_WALK_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "tools/witness/heaps/blocks.h"
#include "tools/witness/heaps/glibc_layout.h"

namespace leaktrack::witness {

// Takes the words of a block. Stops where there is no more room.
class PointerSink {
 public:
  PointerSink(Heap& heap, size_t most) : heap_(heap), most_(most) {}

  void Scan(const char* bytes, size_t size) {
    for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
      uint64_t word;
      memcpy(&word, bytes + at, sizeof word);
      if (const auto granule = heap_.spans.GranuleOf(word)) Take(*granule);
    }
  }

  size_t size() const { return heap_.targets.size(); }
  void CutTo(size_t size) { heap_.targets.resize(size); }

 private:
  void Take(uint32_t granule) {
    if (heap_.targets.size() >= most_)
      ++heap_.dropped_pointers;
    else if (heap_.targets.empty() || heap_.targets.back() != granule || first_)
      heap_.targets.push_back(granule);
    first_ = false;
  }

  Heap& heap_;
  const size_t most_;
  bool first_ = true;

 public:
  void BeginBlock() { first_ = true; }  // a pointer may be the same as the last of the block before
};

class ChunkWalk {
 public:
  // `top`: where the arena's last chunk begins; the walk ends there.
  ChunkWalk(Heap& heap, PointerSink& sink, size_t arena, Range range, uint64_t first, uint64_t top);

  // Pieces in their order, beginning and ending at multiples of 16; gaps between them are pages
  // that were never written.
  void Take(uint64_t address, const char* bytes, size_t size);
  // After the last piece. True: every header made sense.
  bool Finish();

  uint64_t bad_at() const { return bad_at_; }  // the first header that made no sense; 0: none
  // Blocks that may be a thread's cache of freed blocks.
  const std::vector<uint64_t>& caches() const { return caches_; }

 private:
  bool Plausible(uint64_t at, uint64_t size) const;
  bool Follows(uint64_t at, int steps) const;
  uint64_t SizeAt(uint64_t at) const;
  void Header(uint64_t at, uint64_t size_word);
  void CloseChunk(bool in_use, uint64_t end);
  bool MayBeCache() const;
  void Lose(uint64_t at);
  void Search();
  void ScanUpTo(uint64_t end);

  Heap& heap_;
  PointerSink& sink_;
  const size_t arena_;
  const Range range_;
  const uint64_t top_;
  uint64_t next_;              // where the next header is expected
  uint64_t chunk_ = 0;         // the chunk whose end has not come by yet; 0: none
  uint64_t scanned_ = 0;       // up to here its words were taken
  size_t targets_before_ = 0;  // of `sink_`
  uint32_t first_word_ = 0;
  uint64_t lost_since_ = 0;  // searching since here; 0: not
  uint64_t bad_at_ = 0;
  bool done_ = false;
  std::vector<uint64_t> caches_;
  uint64_t piece_start_ = 0, piece_end_ = 0;
  const char* piece_ = nullptr;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_CHUNK_WALK_H_
