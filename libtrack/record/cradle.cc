// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/cradle.h"

namespace leaktrack::track {

bool Cradle::Add(const void* block, uint64_t size, uint64_t now_ms,
                 const StackDepot::Stack& stack) {
  const uint32_t index = count_.load(std::memory_order_relaxed);
  if (index == kMostBlocks || stack.frames.size() > kMostFrames - frames_used_) return false;
  Block& entry = blocks_[index];
  entry.size = size;
  entry.born_ms = now_ms;
  entry.first_frame_ = frames_used_;
  entry.address_ = reinterpret_cast<uintptr_t>(block);
  entry.fold_ = stack.fold;
  entry.frame_count_ = static_cast<uint16_t>(stack.frames.size());
  entry.truncated_ = stack.truncated;
  for (const capture::Frame frame : stack.frames) frames_[frames_used_++] = frame;
  entry.state_.store(kAlive, std::memory_order_release);
  count_.store(index + 1, std::memory_order_release);
  return true;
}

Cradle::State Cradle::Take(const void* block, uint64_t now_ms, Block** taken) {
  const auto address = reinterpret_cast<uintptr_t>(block);
  for (uint32_t index = count(); index > 0; --index) {
    Block& entry = blocks_[index - 1];
    if (entry.address_ != address) continue;
    uint32_t state = entry.state_.load(std::memory_order_acquire);
    if (state == kMoved) return kMoved;
    if (state != kAlive) continue;
    // Before the state: who sees the end sees its time.
    entry.ended_ms.store(now_ms, std::memory_order_relaxed);
    if (entry.state_.compare_exchange_strong(state, kEnded, std::memory_order_acq_rel)) {
      *taken = &entry;
      return kEnded;
    }
    if (state == kMoved) return kMoved;
  }
  return kNone;
}

void Cradle::PutBack(Block& block) { block.state_.store(kAlive, std::memory_order_release); }

bool Cradle::Move(Block& block) {
  uint32_t alive = kAlive;
  return block.state_.compare_exchange_strong(alive, kMoved, std::memory_order_acq_rel);
}

StackDepot::Stack Cradle::StackOf(const Block& block) const {
  return {capture::SiteKind::kHeap,
          {frames_ + block.first_frame_, block.frame_count_},
          block.truncated_,
          block.fold_};
}

}  // namespace leaktrack::track
