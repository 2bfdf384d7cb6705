// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/tracker.h"

#include "libtrack/capture/age_band.h"
#include "libtrack/record/numeric.h"

namespace leaktrack::track {
namespace {

using namespace capture;

std::atomic<uint64_t> generations{0};

constexpr uint64_t kKeepOlderThanMs = 30'000;
constexpr uint32_t kChains = (1u << 24) - 1;

uintptr_t Address(const void* block) { return reinterpret_cast<uintptr_t>(block); }

}  // namespace

bool Tracker::Bind(const TrackerOptions& options) {
  generation_ = 0;
  image_.Bind(options.image, options.commit, options.commit_context);
  if (image_.header().magic != kRecorderMagic || image_.header().version != kRecorderVersion) return false;
  filter_ = options.filter;
  seed_ = options.seed;
  seeds_given_.store(0);
  thinning_.store(0);
  exact_block_limit_ = static_cast<int64_t>(options.exact_block_limit);
  const bool exact = options.interval == 1;
  control_.Bind(&image_.header(), options.interval, options.live_limit);
  live_.Bind(image_, exact);
  depot_.Bind(image_);
  cells_.Bind(image_, options.own_cells);
  maps_.Bind(image_, &cells_);
  blocks_.Bind(image_);
  no_stack_[0] = depot_.Intern({SiteKind::kHeap, {}, true});
  no_stack_[1] = depot_.Intern({SiteKind::kMapping, {}, true});
  if (no_stack_[0] == 0 || no_stack_[1] == 0) return false;
  if (exact) filter_->RaiseAllForGood();
  generation_ = generations.fetch_add(1, std::memory_order_relaxed) + 1;
  return true;
}

// ---- Threads ----

namespace {

// What the unwinder remembers of one thread's stack says nothing about another's.
void Forget(ThreadState& state) {
  state.memo.count = 0;
  state.memo.readable_low = state.memo.readable_high = 0;
  state.memo_site = 0;
}

}  // namespace

// First use of the state in this run: all it holds is from another one, or nothing.
void Tracker::Renew(HotThread& hot, ThreadState& state) {
  state.sampler.Seed(seed_ + SplitMix64(seeds_given_.fetch_add(1, std::memory_order_relaxed)));
  state.block = nullptr;
  Forget(state);
  state.cells.Clear();
  hot.countdown = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // who jumps away before this finds it to be done again
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

bool Tracker::JudgeByBudget(HotThread& hot, ThreadState& state, uint64_t size, uint64_t now_ms, Sample* sample) {
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

SiteId Tracker::Intern(const StackDepot::Stack& stack) {
  const SiteId none = no_stack_[stack.kind == SiteKind::kMapping ? 1 : 0];
  if (stack.frames.empty()) {
    Count(kLostUnwind);
    return none;
  }
  if (stack.truncated) Count(kTruncatedStacks);
  const SiteId site = depot_.Intern(stack);
  return site != 0 ? site : none;
}

bool Tracker::Insert(const GuardTicket&, ThreadState& state, void* block, uint64_t size, const Sample& sample,
                     SiteId site, uint64_t now_ms, const ChainLink* link) {
  // The allocator says this address is new, so the one we believe in is dead: we missed its free (pitfall S10).
  if (filter_->MayBeTracked(block)) {
    Removed stale;
    if (TakeInto(block, &stale)) [[unlikely]] {
      Count(kStaleBlocks);
      SettleDeath(&state, stale, now_ms);
    }
  }
  LiveEntry entry{size, sample.interval_index, site, now_ms};
  if (link != nullptr) {
    entry.chain = link->chain;
    entry.first_birth_s = link->first_birth_s;
  }
  ThreadState* const own = state.generation == generation_ ? &state : nullptr;  // not so in a mark that comes first after a fork
  // Birth, filter, table, in this order: a capture of a process killed in between has no death without a birth, and a
  // free that finds the entry has been let through by the filter.
  if (!AddBlock(own, site, kBandBirths, size, sample.interval_index)) return false;
  filter_->Raise(block);
  const bool inserted = live_.Insert(Address(block), entry);
  CountLive(own, sample.interval_index, inserted ? 1 : 0, 1);
  if (!inserted) {
    filter_->Lower(block);
    DropBirth(entry);
  }
  if (control_.exact()) {
    if (!inserted || (exact_block_limit_ != 0 && live_.live() >= exact_block_limit_)) LeaveExact(now_ms);
  } else if (control_.Crowded(live_.live()) || thinning_.load(std::memory_order_relaxed) != 0) {
    MakeRoom(state, now_ms);
  }
  return inserted;
}

// Exact: in the thread's own counter, as long as it can be.
[[gnu::always_inline]] inline void Tracker::CountLive(ThreadState* state, uint8_t interval_index, int64_t live, uint64_t samples) {
  Cell* const own = state != nullptr && interval_index == kExactIndex ? cells_.Counter(state->cells) : nullptr;
  if (own != nullptr) {
    live = Cells::CountOwn(*own, live, samples, LiveTable::kCountAtOnce);
  } else if (samples != 0) {
    image_.header().samples_total.fetch_add(samples, std::memory_order_relaxed);
  }
  if (live != 0) live_.Count(live);
}

void Tracker::DropBirth(const LiveEntry& entry) {
  Count(kLostAllocations);
  AddBlock(nullptr, entry.site, kBandThinned, entry.size, entry.interval_index);
}

bool Tracker::AddSampled(SiteId site, uint8_t band, uint64_t size, uint8_t interval_index) {
  Cell* const cell = cells_.Find(site, band);
  if (cell != nullptr) Cells::Add(*cell, WeightOf(size, control_.BytesOf(interval_index)));
  return cell != nullptr;
}

void Tracker::LeaveExact(uint64_t now_ms) {
  uint64_t never = 0;
  if (image_.header().exact_limit_hit_ms.compare_exchange_strong(never, now_ms > 0 ? now_ms : 1)) {
    control_.LeaveExact(now_ms, live_.live());
  }
}

// ---- Release ----

[[gnu::always_inline]] inline bool Tracker::TakeInto(const void* block, Removed* removed) {
  removed->found = live_.Take(Address(block), &removed->entry);
  if (removed->found) filter_->Lower(block);
  return removed->found;
}

Removed Tracker::Take(const void* block) {
  Removed removed;
  // 0, of free(NULL), would match every empty slot.
  if (block != nullptr && generation_ != 0) TakeInto(block, &removed);
  return removed;
}

void Tracker::SettleDeath(ThreadState* state, const Removed& removed, uint64_t now_ms) {
  if (!removed.found) return;
  if (state != nullptr && state->generation != generation_) state = nullptr;
  const LiveEntry& entry = removed.entry;
  CountLive(state, entry.interval_index, -1, 0);
  const uint64_t interval = control_.BytesOf(entry.interval_index);
  const uint64_t age_ms = now_ms > entry.birth_ms ? now_ms - entry.birth_ms : 0;
  AddBlock(state, entry.site, AgeBand(age_ms), entry.size, entry.interval_index);
  const bool old = age_ms > kKeepOlderThanMs && age_ms > now_ms / 64;
  const bool large = interval > 1 && entry.size >= interval;
  if (!old && !large) return;
  ThreadBlock& ring = state != nullptr && state->block != nullptr ? *state->block : blocks_.common();
  if (!PushKeptDeath(ring, entry, now_ms)) Count(kLostKeptEvents);
}

void Tracker::PutBack(const void* block, const Removed& removed) {
  if (!removed.found) return;
  filter_->Raise(block);
  if (live_.Insert(Address(block), removed.entry)) return;
  filter_->Lower(block);
  CountLive(nullptr, kExactIndex, -1, 0);
  DropBirth(removed.entry);
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
