// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/kept_ring.h"

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

using namespace capture;

namespace {

// Positions only ever grow, and the reader stays behind.
[[maybe_unused]] bool IsInOrder(const ThreadBlock& block) {
  const uint64_t consumed = block.consumed.load(std::memory_order_acquire);
  return consumed <= block.written.load(std::memory_order_acquire);
}

}  // namespace

bool PushKeptDeath(ThreadBlock& block, const LiveEntry& entry, uint64_t death_ms) {
  LEAKTRACK_DCHECK(IsInOrder(block));
  uint64_t position = block.written.load(std::memory_order_relaxed);
  do {
    if (position - block.consumed.load(std::memory_order_acquire) >= kRingEvents) return false;
  } while (!block.written.compare_exchange_weak(position, position + 1, std::memory_order_relaxed));
  KeptEvent& event = block.events[position % kRingEvents];
  event.birth_ms = entry.birth_ms;
  event.death_ms = death_ms;
  event.size_interval = (entry.size << 8) | entry.interval_index;
  event.site = entry.site;
  event.chain = entry.chain;
  event.kind = static_cast<uint8_t>(KeptKind::kDeath);
  event.sequence.store(position + 1, std::memory_order_release);
  return true;
}

Peek PeekKept(const ThreadBlock& block, uint64_t position, const KeptEvent** event) {
  LEAKTRACK_DCHECK(position >= block.consumed.load());
  if (position >= block.written.load(std::memory_order_relaxed)) return Peek::kNone;
  const KeptEvent& found = block.events[position % kRingEvents];
  if (found.sequence.load(std::memory_order_acquire) != position + 1) return Peek::kReserved;
  *event = &found;
  return Peek::kReady;
}

void ThreadBlocks::Bind(const ImageView& image) {
  image_ = image;
  free_head_.store(0);
  next_number_.store(0);
  RecorderHeader& header = image.header();
  if (header.thread_count.load() == 0) header.thread_count.store(1);
  common().thread_number.store(1);
  next_number_.store(1);
}

// Returns the index of a block that was never used, or 0.
uint32_t ThreadBlocks::Fresh() {
  std::atomic<uint32_t>& count = image_.header().thread_count;
  uint32_t index = count.load(std::memory_order_relaxed);
  do {
    if (index >= image_.entries(kRegionThreads)) return 0;
    if (!image_.Ensure(kRegionThreads, (uint64_t{index} + 1) * sizeof(ThreadBlock))) return 0;
  } while (!count.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel));
  return index;
}

ThreadBlock* ThreadBlocks::Acquire(uint32_t tid) {
  uint64_t head = free_head_.load(std::memory_order_acquire);
  uint32_t index = 0;
  while ((index = static_cast<uint32_t>(head)) != 0) {
    const uint64_t next = (((head >> 32) + 1) << 32) | next_[index].load(std::memory_order_relaxed);
    if (free_head_.compare_exchange_weak(head, next, std::memory_order_acq_rel,
                                         std::memory_order_acquire))
      break;
  }
  if (index == 0) index = Fresh();
  if (index == 0) {
    image_.Count(kLostThreads);
    return nullptr;
  }
  ThreadBlock& block = image_.region<ThreadBlock>(kRegionThreads)[index];
  block.tid = tid;
  block.thread_number.store(next_number_.fetch_add(1, std::memory_order_relaxed) + 1,
                            std::memory_order_release);
  return &block;
}

void ThreadBlocks::Release(ThreadBlock* block) {
  const auto index = static_cast<uint32_t>(block - image_.region<ThreadBlock>(kRegionThreads));
  LEAKTRACK_DCHECK(index != 0 && index < image_.header().thread_count.load());
  LEAKTRACK_DCHECK(block->thread_number.load() != 0);
  block->thread_number.store(0, std::memory_order_release);
  uint64_t head = free_head_.load(std::memory_order_relaxed);
  uint64_t mine = 0;
  do {
    next_[index].store(static_cast<uint32_t>(head), std::memory_order_relaxed);
    mine = (((head >> 32) + 1) << 32) | index;
  } while (!free_head_.compare_exchange_weak(head, mine, std::memory_order_release,
                                             std::memory_order_relaxed));
}

}  // namespace leaktrack::track
