// SPDX-License-Identifier: Apache-2.0
//
// The life of a block, from the malloc that is judged to the free that is settled.
//
// Composes sampler, interval control, filter, live table, depot, cells, rings and mappings over one
// recorder image.
//
//  malloc   Judge(); if sampled: p = real malloc; walk; site = Intern(); Insert(p)
//           (a failed malloc inserts nothing)
//  free     filter->MayBeTracked(p)? Removed r = Take(p); real free; SettleDeath(r)
//           (Take before the real free: pitfall S1)
//  realloc  r = Take(old); q = real realloc; failed: PutBack(old, r)
//           else: link = Continue(r); SettleDeath(r); Judge(new size);
//           if sampled: Insert(q, ..., &link)
//
// Accounts, exact whenever no call is under way (after a kill: to within one call per thread):
//  births - deaths - thinned + relabelled == sum over the live table, in objects and bytes;
//  births - deaths - thinned == number of live entries, in samples.
//
// Times are milliseconds since the start of the run. Zero-filled memory is a valid, unbound Tracker
// that samples nothing.
//
// Thread-safety: any thread; lock-free except for mappings (bounded lock).
// Allocates: never; asks for pages.
// Signals: Take, PutBack, SettleDeath(nullptr, ...) at any instant; the rest needs the guard.
// Fork: the child calls Bind() with its own image, filter and seed; thread states reset themselves.
#ifndef LEAKTRACK_LIBTRACK_RECORD_TRACKER_H_
#define LEAKTRACK_LIBTRACK_RECORD_TRACKER_H_

#include <atomic>
#include <cstdint>
#include <span>

#include "libtrack/record/cells.h"
#include "libtrack/record/filter.h"
#include "libtrack/record/guard.h"
#include "libtrack/record/image.h"
#include "libtrack/record/interval_control.h"
#include "libtrack/record/kept_ring.h"
#include "libtrack/record/live_table.h"
#include "libtrack/record/map_table.h"
#include "libtrack/record/stack_depot.h"
#include "libtrack/record/thread_state.h"

namespace leaktrack::track {

struct TrackerOptions {
  void* image = nullptr;  // initialised by InitImage
  CommitFn commit = nullptr;
  void* commit_context = nullptr;
  // For exact mode: stacks and cells that belong to one thread. Null: few cells, no stacks.
  Cells::MemoryFn thread_memory = nullptr;
  Filter* filter = nullptr;      // empty; the caller opens its gate when all is ready
  uint64_t interval = 0;         // 0: auto; 1: exact; else bytes
  uint64_t live_limit = 32'768;  // as given to PlanImage
  // As given to PlanImage. Exact mode: beyond this number the run samples.
  uint64_t exact_block_limit = 0;
  uint64_t seed = 0;  // different for every process
};

// The answer to an allocation that is to be recorded.
struct Sample {
  uint8_t interval_index = 0;
};

// What Take() removed. `found` is false if the block is not tracked or was taken already.
struct Removed {
  bool found = false;
  LiveEntry entry;
};

class Tracker {
 public:
  // Not thread-safe; call it before the gate opens. False: the image is not usable.
  [[nodiscard]] bool Bind(const TrackerOptions& options);

  // ---- Allocation (slow path: hot.countdown <= size) ----
  //
  // Decides whether this allocation is recorded, and draws the next budget. `size` is what the
  // program asked for.
  [[nodiscard]] bool Judge(HotThread& hot, ThreadState& state, uint64_t size, uint64_t now_ms,
                           Sample* sample) {
    if (generation_ == 0 || size > kLargestSampled) return false;
    if (state.generation != generation_) Renew(hot, state);
    if (!control_.exact()) return JudgeByBudget(hot, state, size, now_ms, sample);
    hot.countdown = 0;
    sample->interval_index = kExactIndex;
    return true;
  }
  // The short path of exact mode: true if every block of `size` is recorded by InsertExact() and
  // `state` is in use in this run. Call it only while the gate is open: a tracker that was never
  // bound would answer true.
  bool RecordsExactly(const ThreadState& state, uint64_t size) const {
    return state.generation == exact_generation_.load(std::memory_order_relaxed) &&
           size <= kLargestSampled;
  }

  // Never 0. A stack that finds no room is counted and gets the site of the stack without frames.
  capture::SiteId Intern(const StackDepot::Stack& stack);
  // False for the two sites of stacks without frames.
  bool HasStack(capture::SiteId site) const { return site != no_stack_[0] && site != no_stack_[1]; }

  // Records a sampled block before the program sees its address. `size` is the size that was
  // judged. False: the block was dropped and counted.
  bool Insert(const GuardTicket& ticket, ThreadState& state, void* block, uint64_t size,
              const Sample& sample, capture::SiteId site, uint64_t now_ms, const ChainLink* link);
  // Only if RecordsExactly(), and only for a block that does not replace another.
  bool InsertExact(const GuardTicket& ticket, ThreadState& state, void* block, uint64_t size,
                   capture::SiteId site, uint64_t now_ms);

  // ---- Release ----
  [[gnu::always_inline]] Removed Take(const void* block) {
    Removed removed;
    if (block != nullptr)
      // free(NULL) passes null, and its key 0 would match every empty slot.
      TakeInto(block, &removed);
    return removed;
  }

  // Counts the death. `state` is the calling thread's if it holds the guard, else null.
  void SettleDeath(ThreadState* state, const Removed& removed, uint64_t now_ms);
  // Like SettleDeath, for a block for which DiesExactly() is true.
  void SettleExact(ThreadState& state, const Removed& removed, uint64_t now_ms);
  bool DiesExactly(const ThreadState& state, const Removed& removed) const {
    return removed.found && removed.entry.interval_index == kExactIndex &&
           state.generation == exact_generation_.load(std::memory_order_relaxed);
  }

  // Reverts Take(): the block did not die after all (realloc failed).
  void PutBack(const void* block, const Removed& removed);

  // Gives the removed block a chain id if it has none. Its death and its successor then carry the
  // same id.
  ChainLink Continue(Removed& removed);

  // ---- Marks and pools (marks.cc) ----
  //
  // The program means the block to live for ever. It moves to a site of its own, of kind kImmortal.
  // False: the block is not tracked.
  bool MakeImmortal(const GuardTicket& ticket, ThreadState& state, const void* block,
                    uint64_t now_ms);

  // Visits every live block and ends those that match. Slow: it walks the whole table.
  using MatchFn = bool (*)(const void* context, uintptr_t block, const capture::StackRecord& site);
  void SettleAll(ThreadState* state, uint64_t now_ms, MatchFn matches, const void* context);

  // ---- Mappings ----
  MapTable& maps() { return maps_; }

  // ---- Threads ----
  // Lends the state a ring of the recorder. Once per thread and run, before the first Judge.
  void AdoptThread(HotThread& hot, ThreadState& state, uint32_t tid);
  // At the end of a thread, before ThreadStatePool::Release. Later frees use the common ring.
  void ReleaseThread(HotThread& hot, ThreadState& state);

  // ---- Everything else ----
  void Count(capture::LossId loss) const { image_.Count(loss); }
  bool exact() const { return control_.exact(); }
  uint64_t interval_bytes() const { return control_.BytesOf(control_.index()); }
  const ImageView& image() const { return image_; }
  Filter& filter() const { return *filter_; }
  IntervalControl& control() { return control_; }
  LiveTable& live() { return live_; }
  StackDepot& depot() { return depot_; }
  Cells& cells() { return cells_; }
  ThreadBlocks& thread_blocks() { return blocks_; }

 private:
  static constexpr uint64_t kKeepOlderThanMs = 30'000;

  bool JudgeByBudget(HotThread& hot, ThreadState& state, uint64_t size, uint64_t now_ms,
                     Sample* sample);
  [[gnu::always_inline]] bool TakeInto(const void* block, Removed* removed) {
    removed->found = live_.Take(reinterpret_cast<uintptr_t>(block), &removed->entry);
    if (removed->found && removed->entry.interval_index != kExactIndex) filter_->Lower(block);
    return removed->found;
  }
  void Renew(HotThread& hot, ThreadState& state);
  void MakeRoom(ThreadState& state, uint64_t now_ms);
  void ThinEntry(ThreadState& state, const LiveTable::Slot& slot, uint8_t target);
  bool AddBlock(ThreadState* state, capture::SiteId site, uint8_t band, uint64_t size,
                uint8_t interval_index) {
    if (interval_index != kExactIndex) return AddSampled(site, band, size, interval_index);
    return cells_.AddExact(state != nullptr ? &state->cells : nullptr, site, band, size);
  }
  bool AddSampled(capture::SiteId site, uint8_t band, uint64_t size, uint8_t interval_index);
  void SettleStale(ThreadState& state, const void* block, uint64_t now_ms);
  bool InsertAfterStale(ThreadState& state, void* block, const LiveEntry& entry);
  bool InsertRefused(ThreadState* own, ThreadState& state, void* block, const LiveEntry& entry,
                     LiveTable::Inserted inserted);
  bool CountLive(ThreadState* own, uint8_t interval_index, int64_t live, bool is_birth);
  bool InsertAs(ThreadState* own, ThreadState& state, void* block, const LiveEntry& entry);
  void SettleAs(ThreadState* own, const LiveEntry& entry, uint64_t now_ms);
  void DropBirth(const void* block, const LiveEntry& entry);
  void LookForRoom(ThreadState& state, uint8_t interval_index, bool kept, uint64_t now_ms);
  void KeepIfOldOrLarge(ThreadState* state, const LiveEntry& entry, uint64_t death_ms);
  void LeaveExact(uint64_t now_ms);

  ImageView image_;
  Filter* filter_ = nullptr;
  IntervalControl control_;
  LiveTable live_;
  StackDepot depot_;
  Cells cells_;
  MapTable maps_;
  ThreadBlocks blocks_;
  uint64_t generation_ = 0;  // of this binding, unique in the process; 0: unbound
  // Equal to generation_ while everything is recorded, else a number that no state has.
  std::atomic<uint64_t> exact_generation_;
  Cells::MemoryFn thread_memory_ = nullptr;
  uint64_t seed_ = 0;
  int64_t exact_block_limit_ = 0;
  std::atomic<uint64_t> seeds_given_;
  // Target interval index << 32 | next chunk. 0: no pass is under way.
  std::atomic<uint64_t> thinning_;
  capture::SiteId no_stack_[2] = {};  // for all but mappings; for mappings
};

}  // namespace leaktrack::track

#include "libtrack/record/tracker_exact.h"  // IWYU pragma: export

#endif  // LEAKTRACK_LIBTRACK_RECORD_TRACKER_H_
