// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/free_lists.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kLongestList = 1 << 26;
constexpr int kTries = 5;

// Words of pages that were read already: neighbours are freed together.
class PageCache {
 public:
  explicit PageCache(Memory& memory) : memory_(memory), pages_(kPages) {}

  void Forget() {
    for (Page& page : pages_) page.got = 0;
  }

  std::optional<uint64_t> Word(uint64_t address) {
    if (address % 8 != 0) return std::nullopt;
    Page& page = pages_[address / kSize % kPages];
    if (page.base != address / kSize * kSize || page.got == 0) {
      page.base = address / kSize * kSize;
      page.got = memory_.Read(page.base, page.bytes.data(), kSize);
    }
    const uint64_t at = address - page.base;
    if (at + 8 > page.got) return std::nullopt;
    uint64_t word;
    memcpy(&word, page.bytes.data() + at, sizeof word);
    return word;
  }

 private:
  static constexpr size_t kSize = 4096, kPages = 512;
  struct Page {
    uint64_t base = 0;
    size_t got = 0;
    std::array<char, kSize> bytes;
  };
  Memory& memory_;
  std::vector<Page> pages_;
};

class Marker {
 public:
  Marker(Memory& memory, Heap& heap) : words_(memory), heap_(heap) {}

  // Are links stored with their place mixed in? Decided by the first list that can be only one.
  void LearnScheme(const FoundArenas& arenas, const std::vector<GlibcTcache>& caches) {
    int hidden = 0, plain = 0;
    const auto vote = [&](uint64_t position, uint64_t header) {
      const auto stored = words_.Word(position);
      if (!stored) return;
      const bool as_plain = *stored == 0 || Exact(*stored + header) != kNoBlock;
      const uint64_t revealed = Reveal(position, *stored);
      const bool as_hidden = revealed == 0 || Exact(revealed + header) != kNoBlock;
      hidden += as_hidden && !as_plain;
      plain += as_plain && !as_hidden;
    };
    for (const GlibcTcache& cache : caches) {
      for (const uint64_t entry : cache.entries) {
        if (entry != 0 && Exact(entry) != kNoBlock) vote(entry, 0);
      }
    }
    for (const FoundArena& arena : arenas.arenas) {
      for (const uint64_t chunk : arena.state.fast_bins) {
        if (chunk != 0) vote(chunk + kHeader, kHeader);
      }
    }
    hidden_ = hidden >= plain;
  }

  // A cache most of whose lists are what its counters say; of the others, whose thread may be at
  // work on them, what was found.
  bool MarkCache(const GlibcTcache& cache) {
    std::vector<uint32_t> found;
    int right = 0, wrong = 0;
    for (int bin = 0; bin < kTcacheBins; ++bin) {
      const uint64_t chunk_size = kSmallestChunk + 16 * static_cast<uint64_t>(bin);
      uint64_t at = cache.entries[bin];
      bool fits = true;
      for (int i = 0; i < cache.counts[bin] && fits; ++i) {
        const uint32_t block = Exact(at);
        fits = block != kNoBlock && heap_.blocks[block].size + 8 == chunk_size;
        if (!fits) break;
        found.push_back(block);
        at = Next(at);
      }
      if (cache.counts[bin] != 0) ++(fits && at == 0 ? right : wrong);
    }
    if (right <= wrong) return false;
    for (const uint32_t block : found) Free(block, true);
    return true;
  }

  // False: the list leads out of the heap, or does not end. A chunk that came after the walk is no
  // block of it, and is passed.
  bool MarkFastBin(uint64_t chunk) {
    for (size_t i = 0; chunk != 0; ++i) {
      if (i >= kLongestList || chunk % 16 != 0 || !heap_.spans.GranuleOf(chunk)) return false;
      const uint32_t block = Exact(chunk + kHeader);
      if (block != kNoBlock && heap_.blocks[block].freed) return true;  // this way was taken before
      if (block != kNoBlock) Free(block, false);
      chunk = Next(chunk + kHeader);
    }
    return true;
  }

  void Forget() { words_.Forget(); }

 private:
  uint32_t Exact(uint64_t address) const {
    const uint32_t block = heap_.Find(address);
    return block != kNoBlock && heap_.blocks[block].address == address ? block : kNoBlock;
  }

  uint64_t Next(uint64_t position) {
    const auto stored = words_.Word(position);
    if (!stored) return 1;  // leads nowhere
    return hidden_ ? Reveal(position, *stored) : *stored;
  }

  void Free(uint32_t number, bool cached) {
    Block& block = heap_.blocks[number];
    if (block.freed) return;
    block.freed = 1;
    ArenaSums& sums = heap_.arenas[block.arena];
    const uint64_t size = block.size + 8;
    sums.in_use -= size;
    (cached ? sums.cached : sums.free) += size;
  }

  PageCache words_;
  Heap& heap_;
  bool hidden_ = true;
};

// As they are now: the walk took time. A list that changes under the reader is read again.
bool MarkFastBins(Memory& memory, uint64_t arena, Marker& marker) {
  for (int tries = 0; tries < kTries; ++tries) {
    const auto state = memory.Get<GlibcArena>(arena);
    if (!state) return false;
    if (std::all_of(std::begin(state->fast_bins), std::end(state->fast_bins),
                    [&](uint64_t chunk) { return marker.MarkFastBin(chunk); }))
      return true;
    marker.Forget();
  }
  return false;
}

}  // namespace

size_t MarkFreeLists(Memory& memory, const FoundArenas& arenas, const std::vector<uint64_t>& caches,
                     Heap& heap) {
  std::vector<GlibcTcache> contents;
  for (const uint64_t address : caches) {
    if (const auto cache = memory.Get<GlibcTcache>(address)) contents.push_back(*cache);
  }
  Marker marker(memory, heap);
  marker.LearnScheme(arenas, contents);
  // Fast bins first: a block is in one list only.
  for (const FoundArena& arena : arenas.arenas) {
    if (!MarkFastBins(memory, arena.address, marker))
      heap.doubts.push_back(absl::StrCat("a list of freed blocks of the arena at 0x",
                                         absl::Hex(arena.address), " breaks off"));
  }
  size_t count = 0;
  for (const GlibcTcache& cache : contents) count += marker.MarkCache(cache);
  return count;
}

}  // namespace leaktrack::witness
