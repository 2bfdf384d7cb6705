// SPDX-License-Identifier: Apache-2.0
//
// Carries deaths that are worth keeping one by one from the thread that saw them to the drainer.
//
// Each thread block of the recorder contains a ring of kRingEvents slots. A push reserves a slot by
// advancing `written`, fills it, and publishes it by storing its `sequence` (1 + position,
// release). Each push has a slot of its own. So a push stays correct when a signal handler
// interrupts it and pushes too, and when several threads push into one ring. A full ring drops the
// event: the counters have it anyway, and kLostKeptEvents counts the loss.
//
// The reader takes positions in order (`consumed`, `consumed + 1`, ...) as long as PeekKept finds
// them. A slot that stays kReserved for seconds belongs to a thread that was jumped out of its
// push. The reader skips it.
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

// False: the ring is full; the caller counts the loss.
[[nodiscard]] bool PushKeptDeath(capture::ThreadBlock& block, const LiveEntry& entry,
                                 uint64_t death_ms);

enum class Peek : uint8_t { kReady, kReserved, kNone };
// Finds the event at `position`. Copy it before you move `consumed` past it.
Peek PeekKept(const capture::ThreadBlock& block, uint64_t position,
              const capture::KeptEvent** event);

// The recorder's thread blocks, lent to threads.
class ThreadBlocks {
 public:
  static constexpr uint32_t kMaxThreadBlocks = 4096;

  void Bind(const ImageView& image);

  // Null: all blocks are in use, or there is no memory. The loss is counted as kLostThreads and the
  // thread uses the common ring. A block that an ended thread left keeps its positions, so its
  // undrained events stay valid.
  [[nodiscard]] capture::ThreadBlock* Acquire(uint32_t tid);
  void Release(capture::ThreadBlock* block);

  // The ring for threads without a block of their own, and for frees inside a hook.
  capture::ThreadBlock& common() const {
    return *image_.region<capture::ThreadBlock>(capture::kRegionThreads);
  }

 private:
  uint32_t Fresh();

  ImageView image_;
  // Changes << 32 | index; index 0 is the common block, which is never free.
  std::atomic<uint64_t> free_head_;
  std::atomic<uint32_t> next_number_;
  std::atomic<uint32_t> next_[kMaxThreadBlocks];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_KEPT_RING_H_
