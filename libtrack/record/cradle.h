// SPDX-License-Identifier: Apache-2.0
//
// What a process has sampled before its run is born: a few blocks with their stacks.
//
// Why not the recorder: most processes of a shell script end within milliseconds, and a recorder
// costs more than all that they do. So a young process keeps its samples here, and its run, if it
// is ever born, begins with them.
// Promises: bounded, and small. A block that is freed is found by its address, newest first. A
// block is handed over once: either its end is seen here, or it has moved to the run.
//
// Zero-filled memory is a valid, empty Cradle.
//
// Thread-safety: Add: one thread at a time; the rest: any thread, lock-free.
// Allocates: never.
// Signals: safe, but for Add.
// Fork: in memory that is wiped on fork; the child begins with an empty one.
#ifndef LEAKTRACK_LIBTRACK_RECORD_CRADLE_H_
#define LEAKTRACK_LIBTRACK_RECORD_CRADLE_H_

#include <atomic>
#include <cstdint>
#include <span>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/stack_depot.h"

namespace leaktrack::track {

class Cradle {
 public:
  static constexpr uint32_t kMostBlocks = 128;
  static constexpr uint32_t kMostFrames = 3'072;

  enum State : uint32_t { kNone = 0, kAlive, kEnded, kMoved };

  struct Block {
    uintptr_t address() const { return address_; }
    uint64_t size, born_ms;
    std::atomic<uint64_t> ended_ms;  // valid once it has ended

   private:
    friend class Cradle;
    std::atomic<uint32_t> state_;  // State; stored last
    uint32_t first_frame_;
    uintptr_t address_;
    uint64_t fold_;
    uint16_t frame_count_;
    bool truncated_;
  };

  // False: no room, and nothing has changed.
  bool Add(const void* block, uint64_t size, uint64_t now_ms, const StackDepot::Stack& stack);

  // The program frees the block. kEnded: it was here. kMoved: it is the run's by now. kNone: it was
  // never here, or has ended before. `taken` is set if it was here.
  State Take(const void* block, uint64_t now_ms, Block** taken);
  // The program keeps it after all (realloc failed).
  static void PutBack(Block& block);

  // For the run that is being born, which has entered the block already. False: it has ended.
  static bool Move(Block& block);

  uint32_t count() const { return count_.load(std::memory_order_acquire); }
  Block& block(uint32_t index) { return blocks_[index]; }
  StackDepot::Stack StackOf(const Block& block) const;

 private:
  std::atomic<uint32_t> count_;
  uint32_t frames_used_;
  Block blocks_[kMostBlocks];
  capture::Frame frames_[kMostFrames];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_CRADLE_H_
