// SPDX-License-Identifier: Apache-2.0
//
// Thinning: makes room in the live table by raising the interval of its entries.
//
// A pass has a target interval T'. An entry of size s that was sampled under T < T' stays with
// probability p(s,T') / p(s,T) and is relabelled T'. It is then as if it had been sampled under T'
// from the start. Entries of exact mode stay. A whole pass over 32,768 entries takes milliseconds,
// so a pass is done in chunks of a few buckets, one chunk per insert: no single allocation pays for
// all of it. Each entry has its own label, so a half-done pass is a valid state.
#include <atomic>
#include <cstdint>

#include "libtrack/record/numeric.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {
namespace {

using namespace capture;

// 128 inserts complete a pass over 8,192 buckets. When the pass starts, a quarter of the table,
// 8,192 slots, is free.
constexpr uint64_t kBucketsPerChunk = 64;
constexpr uint64_t kChunkMask = 0xffff'ffff;

}  // namespace

void Tracker::MakeRoom(ThreadState& state, uint64_t now_ms) {
  uint64_t pass = thinning_.load(std::memory_order_acquire);
  if (pass == 0) {
    const uint64_t target = control_.NextForLive();
    if (target == 0) return;
    if (thinning_.compare_exchange_strong(pass, target << 32, std::memory_order_acq_rel))
      pass = target << 32;
    if (pass == 0) return;
  }
  while (!thinning_.compare_exchange_weak(pass, pass + 1, std::memory_order_acq_rel)) {
    if (pass == 0) return;  // another thread has finished the pass
  }
  const auto target = static_cast<uint8_t>(pass >> 32);
  // Every thread does this: the thread that began the pass may have been interrupted before it.
  control_.RaiseLiveTo(target, now_ms);
  const uint64_t first = (pass & kChunkMask) * kBucketsPerChunk;
  const bool more = live_.VisitBuckets(first, kBucketsPerChunk, [&](const LiveTable::Slot& slot) {
    ThinEntry(state, slot, target);
  });
  if (more) return;
  uint64_t seen = thinning_.load(std::memory_order_relaxed);
  while (seen >> 32 == target &&
         !thinning_.compare_exchange_weak(seen, 0, std::memory_order_acq_rel)) {
  }
}

void Tracker::ThinEntry(ThreadState& state, const LiveTable::Slot& slot, uint8_t target) {
  const auto index = static_cast<uint8_t>(slot.size_interval);
  // 0 also stands for a slot whose removal is under way.
  if (index == kExactIndex || index >= target) return;
  const uint64_t size = slot.size_interval >> 8;
  const uint64_t before = control_.BytesOf(index), after = control_.BytesOf(target);
  if (state.sampler.RandomUnit() <=
      SampleProbability(size, after) / SampleProbability(size, before)) {
    // The key stays while the label changes, so that a free at this moment does not miss the block.
    if (!LiveTable::Relabel(slot, target)) return;
    Cell* const cell =
        cells_.Find(slot.cold->site.load(std::memory_order_relaxed), kBandRelabelled);
    if (cell != nullptr) Cells::Add(*cell, Minus(WeightOf(size, after), WeightOf(size, before)));
    return;
  }
  LiveEntry entry;
  if (!live_.TakeSlot(slot, &entry)) return;  // freed meanwhile
  filter_->Lower(reinterpret_cast<const void*>(slot.block));
  live_.Count(-1);
  image_.header().thinned_total.fetch_add(1, std::memory_order_relaxed);
  AddBlock(nullptr, entry.site, kBandThinned, entry.size, entry.interval_index);
}

}  // namespace leaktrack::track
