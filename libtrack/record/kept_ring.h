// SPDX-License-Identifier: Apache-2.0
//
// Deaths that are worth keeping one by one, on their way from the thread that saw them to the
// drainer.
//
// A ring of kRingEvents in the thread's block of the recorder. A place is reserved by moving
// `written`, filled, and made valid by its `sequence` (1 + position, release). So a push that a
// signal handler interrupts to push itself, or several threads pushing into one ring, are all
// right: each has a place of its own. A full ring drops the event; the counters have it anyway, and
// kLostKeptEvents says so.
//
// The reader takes positions in order: `consumed`, `consumed + 1`, ... as long as PeekKept finds
// them. A place that stays kReserved for seconds belongs to a thread that was jumped out of its
// push: skip it.
//
// Thread-safety: any number of pushers, one reader.
// Allocates: never.
// Signals: safe.
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_KEPT_RING_H_
#define LEAKTRACK_LIBTRACK_RECORD_KEPT_RING_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/image.h"
#include "libtrack/record/live_table.h"

namespace leaktrack::track {

// False: the ring is full (the caller counts).
[[nodiscard]] bool PushKeptDeath(capture::ThreadBlock& block, const LiveEntry& entry,
                                 uint64_t death_ms);

enum class Peek : uint8_t { kReady, kReserved, kNone };
// The event at `position`, if it is there. Copy it out before moving `consumed` past it.
Peek PeekKept(const capture::ThreadBlock& block, uint64_t position,
              const capture::KeptEvent** event);

// The recorder's blocks, lent to threads.
class ThreadBlocks {
 public:
  static constexpr uint32_t kMaxThreadBlocks = 4096;

  void Bind(const ImageView& image);

  // Null: all are in use, or no memory (counted as kLostThreads; the thread then uses the common
  // ring). A block taken over from an ended thread keeps its history of positions, so undrained
  // events stay valid.
  [[nodiscard]] capture::ThreadBlock* Acquire(uint32_t tid);
  void Release(capture::ThreadBlock* block);

  // For threads without a block of their own, and for frees inside a hook.
  capture::ThreadBlock& common() const {
    return *image_.region<capture::ThreadBlock>(capture::kRegionThreads);
  }

 private:
  uint32_t Fresh();

  ImageView image_;
  std::atomic<uint64_t> free_head_;  // changes << 32 | index; 0 is the common block and never free
  std::atomic<uint32_t> next_number_;
  std::atomic<uint32_t> next_[kMaxThreadBlocks];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_KEPT_RING_H_
