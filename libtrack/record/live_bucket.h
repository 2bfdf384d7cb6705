// SPDX-License-Identifier: Apache-2.0
//
// One bucket of the live table: four slots in a cache line, and what each step of a slot's life does to them.
//
//   slot:  kSlotEmpty --CAS--> kSlotBusy --fill, release--> address --CAS (one winner)--> kSlotBusy --> kSlotEmpty
//
// The winner of a removal takes key and label (size_interval) in one 16-byte compare-and-swap: a relabelling at the same moment
// is either in what he gets, or fails. All is inlined: a malloc and a free of exact mode pass through here.
//
// Thread-safety: any thread, lock-free.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_RECORD_LIVE_BUCKET_H_
#define LEAKTRACK_LIBTRACK_RECORD_LIVE_BUCKET_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

// What is kept of a live block; also what a removal hands out.
struct LiveEntry {
  uint64_t size = 0;
  uint8_t interval_index = 0;
  capture::SiteId site = 0;
  uint64_t birth_ms = 0;
  uint32_t chain = 0;          // 0: never reallocated
  uint32_t first_birth_s = 0;  // of the chain's first block
};

namespace live_bucket {

inline constexpr int kHolds = -1;

// How many slots are empty; kHolds: the block is in one.
[[gnu::always_inline]] inline int CountEmpty(const capture::LiveBucket& bucket, uintptr_t block) {
  static_assert(capture::kSlotEmpty == 0);
  int empty = 0;
#pragma GCC unroll 4
  for (const capture::LiveHot& slot : bucket.slots) {
    const uint64_t key = slot.key.load(std::memory_order_relaxed);
    if (key == block) [[unlikely]] return kHolds;
    empty += key < 1;
  }
  return empty;
}

[[gnu::always_inline]] inline void Fill(capture::LiveHot& hot, capture::LiveCold& cold, uintptr_t block, const LiveEntry& entry) {
  hot.size_interval.store((entry.size << 8) | entry.interval_index, std::memory_order_relaxed);
  cold.birth_chain.store((entry.birth_ms << 24) | entry.chain, std::memory_order_relaxed);
  cold.site.store(entry.site, std::memory_order_relaxed);
  cold.first_birth_s.store(entry.first_birth_s, std::memory_order_relaxed);
  hot.key.store(block, std::memory_order_release);
}

// `cold`: of the first slot.
[[gnu::always_inline]] inline bool Put(capture::LiveBucket& bucket, capture::LiveCold* cold, uintptr_t block, const LiveEntry& entry) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < 4; ++i) {
    capture::LiveHot& hot = bucket.slots[i];
    uint64_t expected = capture::kSlotEmpty;
    if (hot.key.load(std::memory_order_relaxed) == capture::kSlotEmpty &&
        hot.key.compare_exchange_strong(expected, capture::kSlotBusy, std::memory_order_acquire)) {
      Fill(hot, cold[i], block, entry);
      return true;
    }
  }
  return false;
}

// Key and label from {block, label} to {busy, 0}. False: another thread was faster. A full fence.
[[gnu::always_inline]] inline bool TakeKeyAndLabel(capture::LiveHot& hot, uintptr_t block, uint64_t* label) {
#ifdef __SANITIZE_THREAD__  // whose operations on 16 bytes are not atomic beside those on 8
  uint64_t expected = block;
  if (!hot.key.compare_exchange_strong(expected, capture::kSlotBusy, std::memory_order_acq_rel)) return false;
  *label = hot.size_interval.exchange(0, std::memory_order_acq_rel);
  return true;
#else
  using Both = unsigned __int128;
  static_assert(sizeof(capture::LiveHot) == sizeof(Both) && alignof(capture::LiveBucket) % sizeof(Both) == 0);
  auto* const both = reinterpret_cast<Both*>(&hot);
  do {
    *label = hot.size_interval.load(std::memory_order_relaxed);
    // std::atomic of 16 bytes would be a call into libatomic.
    if (__sync_bool_compare_and_swap(both, (static_cast<Both>(*label) << 64) | block, Both{capture::kSlotBusy})) return true;
  } while (hot.key.load(std::memory_order_relaxed) == block);  // relabelled
  return false;
#endif
}

// False: another thread was faster.
[[gnu::always_inline]] inline bool Win(capture::LiveHot& hot, const capture::LiveCold& cold, uintptr_t block, LiveEntry* entry) {
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

// `cold`: of the first slot.
[[gnu::always_inline]] inline bool Take(capture::LiveBucket& bucket, const capture::LiveCold* cold, uintptr_t block, LiveEntry* entry) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < 4; ++i) {
    capture::LiveHot& hot = bucket.slots[i];
    if (hot.key.load(std::memory_order_relaxed) == block) return Win(hot, cold[i], block, entry);
  }
  return false;
}

}  // namespace live_bucket
}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_LIVE_BUCKET_H_
