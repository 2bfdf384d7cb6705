// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/tracker.h"

#include "libtrack/capture/dcheck.h"
#include "libtrack/record/numeric.h"

namespace leaktrack::track {
namespace {

using namespace capture;

std::atomic<uint64_t> generations{0};

constexpr uint32_t kChains = (1u << 24) - 1;
constexpr uint64_t kNoGeneration = UINT64_MAX;

uintptr_t Address(const void* block) { return reinterpret_cast<uintptr_t>(block); }

}  // namespace

bool Tracker::Bind(const TrackerOptions& options) {
  generation_ = 0;
  exact_generation_.store(kNoGeneration);
  image_.Bind(options.image, options.commit, options.commit_context);
  if (image_.header().magic != kRecorderMagic || image_.header().version != kRecorderVersion)
    return false;
  LEAKTRACK_DCHECK(options.filter != nullptr && !options.filter->is_open());
  filter_ = options.filter;
  seed_ = options.seed;
  seeds_given_.store(0);
  thinning_.store(0);
  exact_block_limit_ = static_cast<int64_t>(options.exact_block_limit);
  const bool exact = options.interval == 1;
  control_.Bind(&image_.header(), options.interval, options.live_limit);
  live_.Bind(image_, exact);
  LEAKTRACK_DCHECK(options.live_limit <= live_.capacity());
  depot_.Bind(image_);
  cells_.Bind(image_, options.thread_memory);
  thread_memory_ = options.thread_memory;
  maps_.Bind(image_, &cells_);
  blocks_.Bind(image_);
  no_stack_[0] = depot_.Intern({SiteKind::kHeap, {}, true});
  no_stack_[1] = depot_.Intern({SiteKind::kMapping, {}, true});
  if (no_stack_[0] == 0 || no_stack_[1] == 0) return false;
  if (exact) filter_->RaiseAllForGood();
  generation_ = generations.fetch_add(1, std::memory_order_relaxed) + 1;
  if (exact) exact_generation_.store(generation_);
  return true;
}

// ---- Threads ----

namespace {

// What the unwinder remembers of one thread's stack is wrong for another thread.
void Forget(ThreadState& state) {
  state.memo.count = 0;
  state.memo.readable_low = state.memo.readable_high = 0;
  if (state.stacks != nullptr) state.stacks->Clear();
}

}  // namespace

// Resets the state at its first use in this run. All that it holds is from another run, or nothing.
void Tracker::Renew(HotThread& hot, ThreadState& state) {
  state.sampler.Seed(seed_ + SplitMix64(seeds_given_.fetch_add(1, std::memory_order_relaxed)));
  state.block = nullptr;
  // Sampling walks at most 2,000 stacks a second, and seldom the same one. So only exact mode has
  // this cache.
  if (state.stacks == nullptr && thread_memory_ != nullptr && control_.exact()) {
    state.stacks = static_cast<StackCache*>(thread_memory_(sizeof(StackCache)));
  }
  Forget(state);
  state.cells.Clear();
  hot.countdown = 0;
  // If a handler jumps away before this store, the next use resets the state again.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  state.generation = generation_;
}

void Tracker::AdoptThread(HotThread& hot, ThreadState& state, uint32_t tid) {
  if (generation_ == 0) return;
  if (state.generation != generation_) Renew(hot, state);
  if (state.block == nullptr) state.block = blocks_.Acquire(tid);
}

void Tracker::ReleaseThread(HotThread& hot, ThreadState& state) {
  hot.countdown = 0;
  ThreadBlock* const block = state.block;
  state.block = nullptr;
  Forget(state);
  if (block != nullptr && state.generation == generation_) blocks_.Release(block);
}

// ---- Allocation ----

bool Tracker::JudgeByBudget(HotThread& hot, ThreadState& state, uint64_t size, uint64_t now_ms,
                            Sample* sample) {
  uint8_t index = control_.index();
  if (hot.countdown == 0) hot.countdown = state.sampler.Draw(control_.BytesOf(index), index);
  if (size < hot.countdown) {
    hot.countdown -= size;
    return false;
  }
  sample->interval_index = state.sampler.interval_index();
  control_.NoteSample(now_ms);
  index = control_.index();
  hot.countdown = state.sampler.Draw(control_.BytesOf(index), index);
  return true;
}

bool Tracker::Insert(const GuardTicket&, ThreadState& state, void* block, uint64_t size,
                     const Sample& sample, SiteId site, uint64_t now_ms, const ChainLink* link) {
  LEAKTRACK_DCHECK(generation_ != 0);
  LiveEntry entry{size, sample.interval_index, site, now_ms};
  if (link != nullptr) entry.Continue(*link);
  // The state is not renewed yet if a mark is the first call after a fork.
  ThreadState* const own = state.generation == generation_ ? &state : nullptr;
  return InsertAs(own, state, block, entry);
}

SiteId Tracker::Intern(const StackDepot::Stack& stack) {
  LEAKTRACK_DCHECK(generation_ != 0);
  const SiteId none = no_stack_[stack.kind == SiteKind::kMapping ? 1 : 0];
  if (stack.frames.empty()) {
    Count(kLostUnwind);
    return none;
  }
  if (stack.truncated) Count(kTruncatedStacks);
  const SiteId site = depot_.Intern(stack);
  return site != 0 ? site : none;
}

// The allocator says that this address is new. So the entry that we have is dead, and we missed its
// free (pitfall S10).
void Tracker::SettleStale(ThreadState& state, const void* block, uint64_t now_ms) {
  Removed stale;
  if (!TakeInto(block, &stale)) return;
  Count(kStaleBlocks);
  SettleDeath(&state, stale, now_ms);
}

bool Tracker::InsertAfterStale(ThreadState& state, void* block, const LiveEntry& entry) {
  SettleStale(state, block, entry.birth_ms);
  return live_.Insert(Address(block), entry) == LiveTable::Inserted::kYes;
}

void Tracker::DropBirth(const void* block, const LiveEntry& entry) {
  filter_->Lower(block);
  Count(kLostAllocations);
  AddBlock(nullptr, entry.site, kBandThinned, entry.size, entry.interval_index);
}

// The birth has been counted, but the table did not take the entry.
[[gnu::noinline]] bool Tracker::InsertRefused(ThreadState* own, ThreadState& state, void* block,
                                              const LiveEntry& entry,
                                              LiveTable::Inserted inserted) {
  const bool kept =
      inserted == LiveTable::Inserted::kKnown && InsertAfterStale(state, block, entry);
  const bool published = CountLive(own, entry.interval_index, kept ? 1 : 0, true);
  if (!kept) DropBirth(block, entry);
  if (entry.interval_index != kExactIndex || published || !kept)
    LookForRoom(state, entry.interval_index, kept, entry.birth_ms);
  return kept;
}

// After a birth that may have filled the table, or has found it full.
void Tracker::LookForRoom(ThreadState& state, uint8_t interval_index, bool kept, uint64_t now_ms) {
  if (interval_index == kExactIndex && control_.exact()) {
    if (!kept || (exact_block_limit_ != 0 && live_.live() >= exact_block_limit_))
      LeaveExact(now_ms);
  } else if (control_.Crowded(live_.live()) || thinning_.load(std::memory_order_relaxed) != 0) {
    MakeRoom(state, now_ms);
  }
}

bool Tracker::AddSampled(SiteId site, uint8_t band, uint64_t size, uint8_t interval_index) {
  Cell* const cell = cells_.Find(site, band);
  if (cell != nullptr) Cells::Add(*cell, WeightOf(size, control_.BytesOf(interval_index)));
  return cell != nullptr;
}

void Tracker::LeaveExact(uint64_t now_ms) {
  uint64_t never = 0;
  if (image_.header().exact_limit_hit_ms.compare_exchange_strong(never, now_ms > 0 ? now_ms : 1)) {
    exact_generation_.store(kNoGeneration);
    control_.LeaveExact(now_ms, live_.live());
  }
}

// ---- Release ----

void Tracker::SettleDeath(ThreadState* state, const Removed& removed, uint64_t now_ms) {
  if (!removed.found) return;
  SettleAs(state != nullptr && state->generation == generation_ ? state : nullptr, removed.entry,
           now_ms);
}

// Some deaths are kept one by one: the old and the large ones. They are needed to judge the
// survivors.
void Tracker::KeepIfOldOrLarge(ThreadState* state, const LiveEntry& entry, uint64_t death_ms) {
  const uint64_t interval = control_.BytesOf(entry.interval_index);
  const uint64_t age_ms = death_ms > entry.birth_ms ? death_ms - entry.birth_ms : 0;
  const bool old = age_ms > kKeepOlderThanMs && age_ms > death_ms / 64;
  const bool large = interval > 1 && entry.size >= interval;
  if (!old && !large) return;
  ThreadBlock& ring =
      state != nullptr && state->block != nullptr ? *state->block : blocks_.common();
  if (!PushKeptDeath(ring, entry, death_ms)) Count(kLostKeptEvents);
}

void Tracker::PutBack(const void* block, const Removed& removed) {
  if (!removed.found) return;
  filter_->Raise(block);
  if (live_.Insert(Address(block), removed.entry) == LiveTable::Inserted::kYes) return;
  CountLive(nullptr, kExactIndex, -1, false);
  DropBirth(block, removed.entry);
}

ChainLink Tracker::Continue(Removed& removed) {
  if (!removed.found) return {};
  LiveEntry& entry = removed.entry;
  if (entry.chain == 0) {
    entry.chain = image_.header().next_chain.fetch_add(1, std::memory_order_relaxed) % kChains + 1;
    entry.first_birth_s = static_cast<uint32_t>(entry.birth_ms / 1000);
  }
  return {entry.chain, entry.first_birth_s};
}

}  // namespace leaktrack::track
