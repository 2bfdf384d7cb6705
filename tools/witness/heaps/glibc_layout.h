// SPDX-License-Identifier: Apache-2.0
//
// How glibc's allocator lays out its memory: 64-bit, glibc 2.27 to 2.41.
//
// Nothing here is taken for granted in a process that is looked at: each structure is tested for
// its shape before it is believed.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_LAYOUT_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::witness {

inline constexpr int kFastBins = 10, kBins = 127, kTcacheBins = 64;

struct GlibcArena {  // struct malloc_state
  int32_t mutex, flags, have_fast_chunks, padding;
  uint64_t fast_bins[kFastBins];
  uint64_t top, last_remainder;
  uint64_t bins[kBins * 2];
  uint32_t binmap[4];
  uint64_t next, next_free, attached_threads, system_memory, most_system_memory;
};
static_assert(sizeof(GlibcArena) == 0x898);

// What stands in for a chunk whose list is empty: two words before the bin.
inline constexpr uint64_t BinOffset(int bin) { return 0x70 + 16 * static_cast<uint64_t>(bin) - 16; }

struct GlibcTcache {  // struct tcache_perthread_struct, glibc 2.30 to 2.41
  uint16_t counts[kTcacheBins];
  uint64_t entries[kTcacheBins];
};
static_assert(sizeof(GlibcTcache) == 0x280);

struct GlibcHeapInfo {  // at the beginning of each heap of an arena other than the main one
  uint64_t arena, previous, size;
};

struct GlibcParameters {  // of struct malloc_par
  int32_t mapped_chunks = 0, most_mapped_chunks = 0;
  uint64_t mapped_bytes = 0, most_mapped_bytes = 0;
};

// The words of struct malloc_par up to the one that says where the program break began: four or
// five numbers of 32 bits (glibc 2.35 has one more before them), and two sums.
inline constexpr size_t kParameterNumbers = 6, kParameterBytes = kParameterNumbers * 4 + 24;

inline constexpr uint64_t kPreviousInUse = 1, kIsMapped = 2, kOtherArena = 4, kFlagBits = 7;
inline constexpr uint64_t kHeader = 16, kSmallestChunk = 32;

// What a thread's cache may use of its chunk.
inline constexpr uint64_t kCacheBytes = sizeof(GlibcTcache) + kHeader - 8;

// Pointers in free lists of single links are stored so since glibc 2.32.
inline constexpr uint64_t Reveal(uint64_t position, uint64_t stored) {
  return position >> 12 ^ stored;
}

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_LAYOUT_H_
