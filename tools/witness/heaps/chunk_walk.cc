// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/chunk_walk.h"

#include <algorithm>

namespace leaktrack::witness {

ChunkWalk::ChunkWalk(Heap& heap, PointerSink& sink, size_t arena, Range range, uint64_t first,
                     uint64_t top)
    : heap_(heap), sink_(sink), arena_(arena), range_(range), top_(top), next_(first) {}

uint64_t ChunkWalk::SizeAt(uint64_t at) const {
  uint64_t word;
  memcpy(&word, piece_ + (at + 8 - piece_start_), sizeof word);
  return word;
}

bool ChunkWalk::Plausible(uint64_t at, uint64_t size_word) const {
  const uint64_t size = size_word & ~kFlagBits;
  return size >= kSmallestChunk && size % 16 == 0 && (size_word & kIsMapped) == 0 &&
         size <= range_.end - at;
}

// Do that many chunks follow each other from here, as far as this piece shows?
bool ChunkWalk::Follows(uint64_t at, int steps) const {
  int seen = 0;
  for (; seen < steps && at >= piece_start_ && at + kHeader <= piece_end_; ++seen) {
    if (at == top_) return true;
    const uint64_t word = SizeAt(at);
    if (!Plausible(at, word)) return false;
    at += word & ~kFlagBits;
  }
  return seen >= steps || (seen > 1 && at < range_.end);
}

void ChunkWalk::ScanUpTo(uint64_t end) {
  const uint64_t from = std::max(scanned_, piece_start_), to = std::min(end, piece_end_);
  if (from < to && from == chunk_ + kHeader) {
    uint64_t word;
    memcpy(&word, piece_ + (from - piece_start_), sizeof word);
    first_word_ = heap_.first_words.NumberOf(word);
  }
  if (from < to) sink_.Scan(piece_ + (from - piece_start_), to - from);
  scanned_ = std::max(scanned_, to);
}

// Whole in this piece, it must have an address wherever it has a number, and none elsewhere.
bool ChunkWalk::MayBeCache() const {
  GlibcTcache cache;
  if (chunk_ < piece_start_ || chunk_ + kHeader + sizeof cache > piece_end_) return true;
  memcpy(&cache, piece_ + (chunk_ + kHeader - piece_start_), sizeof cache);
  bool any = false;
  for (int i = 0; i < kTcacheBins; ++i) {
    if ((cache.counts[i] == 0) != (cache.entries[i] == 0) || cache.entries[i] % 16 != 0)
      return false;
    any = any || cache.counts[i] != 0;
  }
  return any;
}

// The program may use the first word of the chunk behind: it is free there only while this is not.
void ChunkWalk::CloseChunk(bool in_use, uint64_t end) {
  ArenaSums& sums = heap_.arenas[arena_];
  const uint64_t size = end - chunk_;
  if (in_use) {
    Block block;
    block.address = chunk_ + kHeader;
    block.size = size - 8;
    block.arena = arena_;
    heap_.blocks.push_back(block);
    heap_.first.push_back(static_cast<uint32_t>(targets_before_));
    heap_.first_word.push_back(first_word_);
    sums.in_use += size;
    if (size == sizeof(GlibcTcache) + kHeader && MayBeCache()) caches_.push_back(block.address);
  } else {
    sink_.CutTo(targets_before_);
    sums.free += size;
  }
  chunk_ = 0;
}

void ChunkWalk::Lose(uint64_t at) {
  if (bad_at_ == 0) bad_at_ = at;
  if (chunk_ != 0) {
    sink_.CutTo(targets_before_);
    at = chunk_;
    chunk_ = 0;
  }
  lost_since_ = at;
}

void ChunkWalk::Header(uint64_t at, uint64_t size_word) {
  if (chunk_ != 0) {
    ScanUpTo(at + 8);
    CloseChunk((size_word & kPreviousInUse) != 0, at);
  }
  const uint64_t size = size_word & ~kFlagBits;
  if (at == top_) {
    heap_.arenas[arena_].free += size;
    heap_.arenas[arena_].trimmable += size;
    done_ = true;
    return;
  }
  // A fence: the end of a heap, or foreign memory behind it.
  if (size <= kHeader && lost_since_ == 0) {
    lost_since_ = at + kHeader;
    return;
  }
  if (!Plausible(at, size_word)) return Lose(at);
  chunk_ = at;
  targets_before_ = sink_.size();
  first_word_ = 0;
  sink_.BeginBlock();
  scanned_ = at + kHeader;
  next_ = at + size;
}

void ChunkWalk::Search() {
  uint64_t at = std::max(lost_since_, piece_start_);
  for (at = (at + 15) / 16 * 16; at + kHeader <= piece_end_; at += kGranule) {
    const uint64_t word = SizeAt(at);
    if (at != top_ && (!Plausible(at, word) || !Follows(at, 4))) continue;
    heap_.unparsed.push_back({lost_since_, at});
    lost_since_ = 0;
    next_ = at;
    return;
  }
}

void ChunkWalk::Take(uint64_t address, const char* bytes, size_t size) {
  if (done_ || size < kHeader) return;
  piece_ = bytes;
  piece_start_ = address;
  piece_end_ = address + size;
  while (!done_) {
    if (lost_since_ != 0) {
      Search();
      if (lost_since_ != 0) return;
    }
    if (next_ < piece_start_) {
      Lose(next_);  // in a page that was never written, or could not be read
    } else if (next_ + kHeader <= piece_end_) {
      Header(next_, SizeAt(next_));
    } else {
      if (chunk_ != 0) ScanUpTo(next_);
      return;
    }
  }
}

bool ChunkWalk::Finish() {
  if (chunk_ != 0) Lose(chunk_);
  if (lost_since_ != 0 && lost_since_ < range_.end)
    heap_.unparsed.push_back({lost_since_, range_.end});
  return bad_at_ == 0;
}

}  // namespace leaktrack::witness
