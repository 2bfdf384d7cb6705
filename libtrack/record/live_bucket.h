// SPDX-License-Identifier: Apache-2.0
//
// One bucket of the live table: four slots with their keys in one cache line, and the steps of a
// slot's life.
//
//  slot:  kSlotEmpty --CAS--> kSlotBusy --fill, release--> address
//         address --CAS, one winner--> kSlotBusy --> kSlotEmpty
//
// The winner of a removal takes the key first and the label (size_interval) second. A relabelling
// at the same moment either is part of what the winner gets, or fails. Labels of exact mode never
// change. All functions are inlined, because every malloc and free of exact mode passes through
// them.
//
// Thread-safety: any thread, lock-free.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_RECORD_LIVE_BUCKET_H_
#define LEAKTRACK_LIBTRACK_RECORD_LIVE_BUCKET_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

// What a block inherits from the block that it replaces.
struct ChainLink {
  uint32_t chain = 0;
  uint32_t first_birth_s = 0;
};

// What the table keeps of a live block. A removal hands out the same.
struct LiveEntry {
  uint64_t size = 0;
  uint8_t interval_index = 0;
  capture::SiteId site = 0;
  uint64_t birth_ms = 0;
  uint32_t chain = 0;          // 0: never reallocated
  uint32_t first_birth_s = 0;  // birth of the chain's first block

  // A copy for the cold paths. GCC 12 keeps an entry in memory if its address is taken or it is
  // copied as a whole; with a separate copy the original stays in registers.
  LiveEntry Apart() const { return {size, interval_index, site, birth_ms, chain, first_birth_s}; }
  void Continue(const ChainLink& link) {
    chain = link.chain;
    first_birth_s = link.first_birth_s;
  }
};

namespace live_bucket {

// True if one of the slots holds the block.
[[gnu::always_inline]] inline bool Holds(const capture::LiveBucket& bucket, uintptr_t block) {
#pragma GCC unroll 4
  for (const capture::LiveHot& slot : bucket.slots) {
    if (slot.key.load(std::memory_order_relaxed) == block) [[unlikely]]
      return true;
  }
  return false;
}

// Turns an empty slot into a busy one, which the caller must fill. False: it is not empty, or not
// any more.
[[gnu::always_inline]] inline bool Claim(capture::LiveHot& hot) {
  uint64_t expected = capture::kSlotEmpty;
  return hot.key.load(std::memory_order_relaxed) == capture::kSlotEmpty &&
         hot.key.compare_exchange_strong(expected, capture::kSlotBusy, std::memory_order_acquire);
}

[[gnu::always_inline]] inline void Fill(capture::LiveBucket& bucket, uint32_t slot, uintptr_t block,
                                        const LiveEntry& entry) {
  LEAKTRACK_DCHECK(entry.size < uint64_t{1} << 56);
  LEAKTRACK_DCHECK(entry.birth_ms < uint64_t{1} << 40);
  LEAKTRACK_DCHECK(entry.chain < 1u << 24);
  capture::LiveHot& hot = bucket.slots[slot];
  capture::LiveCold& cold = bucket.details[slot];
  hot.size_interval.store((entry.size << 8) | entry.interval_index, std::memory_order_relaxed);
  cold.birth_chain.store((entry.birth_ms << 24) | entry.chain, std::memory_order_relaxed);
  cold.site.store(entry.site, std::memory_order_relaxed);
  cold.first_birth_s.store(entry.first_birth_s, std::memory_order_relaxed);
  hot.key.store(block, std::memory_order_release);
}

// Changes the key from `block` to busy and takes the label. A sampled block's label needs a second
// locked instruction, because thinning may be changing it. False: another thread was faster.
[[gnu::always_inline]] inline bool TakeKeyAndLabel(capture::LiveHot& hot, uintptr_t block,
                                                   uint64_t* label) {
  uint64_t expected = block;
  if (!hot.key.compare_exchange_strong(expected, capture::kSlotBusy, std::memory_order_acq_rel))
    return false;
  *label = hot.size_interval.load(std::memory_order_relaxed);
  if (static_cast<uint8_t>(*label) != capture::kExactIndex)
    *label = hot.size_interval.exchange(0, std::memory_order_acq_rel);
  return true;
}

// Removes the block from its slot. False: another thread was faster.
[[gnu::always_inline]] inline bool Win(capture::LiveHot& hot, const capture::LiveCold& cold,
                                       uintptr_t block, LiveEntry* entry) {
  uint64_t label;
  if (!TakeKeyAndLabel(hot, block, &label)) return false;
  const uint64_t birth_chain = cold.birth_chain.load(std::memory_order_relaxed);
  entry->size = label >> 8;
  entry->interval_index = static_cast<uint8_t>(label);
  entry->site = cold.site.load(std::memory_order_relaxed);
  entry->birth_ms = birth_chain >> 24;
  entry->chain = static_cast<uint32_t>(birth_chain & 0xff'ffff);
  entry->first_birth_s = cold.first_birth_s.load(std::memory_order_relaxed);
  hot.key.store(capture::kSlotEmpty, std::memory_order_release);
  return true;
}

[[gnu::always_inline]] inline bool Take(capture::LiveBucket& bucket, uintptr_t block,
                                        LiveEntry* entry) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < 4; ++i) {
    capture::LiveHot& hot = bucket.slots[i];
    if (hot.key.load(std::memory_order_relaxed) == block)
      return Win(hot, bucket.details[i], block, entry);
  }
  return false;
}

}  // namespace live_bucket
}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_LIVE_BUCKET_H_
