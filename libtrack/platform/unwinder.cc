// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/unwinder.h"

#include <atomic>
#include <new>

#include "libtrack/platform/module_map.h"
#include "libtrack/platform/rule_lookup.h"
#include "libtrack/platform/stack_fold.h"
#include "libtrack/platform/stack_step.h"

namespace leaktrack::track {
namespace {

using Entry = UnwindMemo::Entry;

constinit std::atomic<uint32_t> g_stack_epoch{0};

// Why a run by rules ended.
enum class Pause : uint8_t { kFull, kRoot, kOldFrame, kColdRule, kSlowRule };

void CopyFrames(const capture::Frame* from, uint32_t count, capture::Frame* to) {
  using Pair = uint64_t __attribute__((vector_size(16), aligned(8), may_alias));
  uint32_t i = 0;
  for (; i + 2 <= count; i += 2) *reinterpret_cast<Pair*>(to + i) = *reinterpret_cast<const Pair*>(from + i);
  if (i < count) to[i] = from[i];
}

// A walk in progress.
class Walker {
 public:
  Walker(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames)
      : memo_(memo),
        frames_(frames.data()),
        limit_(frames.size() < kMaxFrames ? static_cast<uint32_t>(frames.size()) : kMaxFrames),
        state_{.return_address = start.pc, .sp = start.sp, .fp = start.fp, .fp_slot = kBarrier, .registers = 0} {}

  WalkResult Run();

 private:
  static uint32_t Least(uint32_t a, uint32_t b) { return a < b ? a : b; }
  uint32_t OldIndex(uint32_t i) const { return UnwindMemo::IndexOf(memo_.first + i); }
  uint32_t NewIndex(uint32_t i) const { return UnwindMemo::IndexOf(memo_.first + kMaxFrames + i); }

  enum class Ended : uint8_t { kNot, kRoot, kCut, kByOldFrames };

  Ended RunWarm();
  Pause RunByRules();
  bool MeetsOldFrame();
  uint32_t CountSame(uint32_t possible) const;
  bool ReuseOldFrames();
  StepEnd StepCold();
  StepEnd StepFrom(const CachedRule& cached);
  void Emit(capture::Frame frame);
  void KeepBeforeOld(uint32_t outer_count);
  void KeepAll();
  void CopyOldFrames(uint32_t count);
  void StoreFrames(uint32_t first, uint64_t fold);

  UnwindMemo& memo_;
  capture::Frame* const frames_;
  const uint32_t limit_;
  uint32_t old_ = 0;       // frames of the last walk that lie inside the present one
  uint32_t count_ = 0;     // frames written; their entries begin at NewIndex(0)
  bool at_known_root_ = false;
  bool met_barrier_ = false;  // in a frame outside the leaf
  RuleCache::Words words_{};  // of the frame that a run by rules stopped in
  FrameState state_;
};

// Where frames cost next to nothing: plain rules that are in the cache, with the state in registers.
__attribute__((always_inline)) inline Pause Walker::RunByRules() {
  uintptr_t return_address = state_.return_address;
  uintptr_t sp = state_.sp;
  uintptr_t fp = state_.fp;
  uintptr_t fp_slot = state_.fp_slot;
  const bool on_known_stack = InReadableRange(memo_, sp) && (sp & 7) == 0;
  const uintptr_t high = on_known_stack ? memo_.readable_high : 0;
  const uintptr_t next_old = old_ < memo_.count ? memo_.entries[OldIndex(old_)].slot : UINTPTR_MAX;
  const uint32_t new_index = NewIndex(count_);
  Entry* entry = memo_.entries + new_index;
  capture::Frame* frame = frames_ + count_;
  const capture::Frame* const end = frame + Least(limit_ - count_, UnwindMemo::kEntries - new_index);
  const RuleCache* rules = &g_rule_cache;
  __asm__("" : "+r"(rules));  // keeps its address in a register, too
  RuleCache::Words words;
  Pause pause;
  for (;;) {
    if (frame == end) {
      pause = Pause::kFull;
      break;
    }
    if (sp - 8 >= next_old) {
      pause = Pause::kOldFrame;
      break;
    }
    if (!rules->FindWords(return_address - 1, words)) {
      pause = Pause::kColdRule;
      break;
    }
    *frame++ = words.frame;
    *entry++ = {.slot = sp - 8, .return_address = return_address, .fp = fp, .fp_slot = fp_slot};
    if (!StepFast(high, words.rule, return_address, sp, fp, fp_slot)) {
      words_ = words;
      pause = Pause::kSlowRule;
      break;
    }
    if (return_address == 0) {
      pause = Pause::kRoot;
      break;
    }
  }
  const auto count = static_cast<uint32_t>(frame - frames_);
  const bool stepped = count != count_ + (pause == Pause::kSlowRule ? 1 : 0);
  count_ = count;
  state_ = {.return_address = return_address,
            .sp = sp,
            .fp = fp,
            .fp_slot = fp_slot,
            .registers = stepped ? 0 : state_.registers};
  return pause;
}

// Old frames below the stack pointer have returned.
bool Walker::MeetsOldFrame() {
  const uintptr_t slot = state_.sp - 8;
  while (old_ < memo_.count && memo_.entries[OldIndex(old_)].slot < slot) ++old_;
  if (old_ == memo_.count) return false;
  const Entry& entry = memo_.entries[OldIndex(old_)];
  if (entry.slot != slot) return false;
  if (entry.return_address == state_.return_address && entry.fp == state_.fp) return true;
  ++old_;  // another frame stands there now
  return false;
}

// How many of `count` entries come before the first that cannot be read: up to a barrier slots ascend from one that is readable,
// and each fp_slot lies below its slot.
uint32_t CountReadable(const Entry* entries, uint32_t count, uintptr_t high, bool barriers) {
  if (!barriers) {
    while (count > 0 && entries[count - 1].slot >= high) --count;
    return count;
  }
  uint32_t readable = 0;
  while (readable < count && entries[readable].slot < high && entries[readable].fp_slot != kBarrier) ++readable;
  return readable;
}

// For how many of `count` entries a step from the frame inside would read now what it read then.
inline uint32_t CountUnchanged(const UnwindMemo& memo, uint32_t index, uint32_t count) {
  const Entry* const entries = memo.entries + index;
  const Entry* entry = entries;
  for (const Entry* const end = entries + CountReadable(entries, count, memo.readable_high, memo.barriers != 0); entry != end; ++entry) {
    if (entry->fp_slot != kFpUnchanged && LoadStackWord(entry->fp_slot) != entry->fp) break;
    if (LoadStackWord(entry->slot) != entry->return_address) break;
  }
  return static_cast<uint32_t>(entry - entries);
}

// The same for entries that may go on around the end of the ring.
inline uint32_t CountUnchangedAround(const UnwindMemo& memo, uint32_t position, uint32_t count) {
  uint32_t unchanged = 0;
  while (unchanged < count) {
    const uint32_t index = UnwindMemo::IndexOf(position + unchanged);
    const uint32_t left = count - unchanged;
    const uint32_t run = left < UnwindMemo::kEntries - index ? left : UnwindMemo::kEntries - index;
    const uint32_t of_run = CountUnchanged(memo, index, run);
    unchanged += of_run;
    if (of_run < run) break;
  }
  return unchanged;
}

// How many old frames stand as they stood, from one that is known to, and not more than `possible`.
uint32_t Walker::CountSame(uint32_t possible) const {
  if (!InReadableRange(memo_, state_.sp - 8)) return 1;
  return 1 + CountUnchangedAround(memo_, memo_.first + old_ + 1, possible - 1);
}

void Walker::CopyOldFrames(uint32_t count) {
  const uint32_t index = OldIndex(old_);
  const uint32_t run = Least(count, UnwindMemo::kEntries - index);
  CopyFrames(memo_.frames + index, run, frames_ + count_);
  CopyFrames(memo_.frames, count - run, frames_ + count_ + run);
}

// From an old frame that is still the same, takes all outer ones that are, too. True when that ended the walk; else
// state_ is the outermost of them, to go on from.
bool Walker::ReuseOldFrames() {
  const uint32_t outer_count = memo_.count - old_;
  const uint32_t same = CountSame(Least(limit_ - count_, outer_count));
  memo_.entries[OldIndex(old_)].fp_slot = state_.fp_slot;  // how it is reached now
  if (same == outer_count && memo_.complete != 0) {
    CopyOldFrames(same);
    KeepBeforeOld(outer_count);
    count_ += same;
    return true;
  }
  const uint32_t taken = same - 1;  // the last one is met again, by its rule
  if (taken != 0) {
    CopyOldFrames(taken);
    for (uint32_t i = 0; i < taken; ++i) memo_.entries[NewIndex(count_ + i)] = memo_.entries[OldIndex(old_ + i)];
    const Entry& last = memo_.entries[OldIndex(old_ + taken)];
    state_ = {.return_address = last.return_address, .sp = last.slot + 8, .fp = last.fp, .fp_slot = last.fp_slot,
              .registers = 0};
  }
  count_ += taken;
  old_ += same;
  return false;
}

// Puts names to the entries of the frames written so far, wherever those begin. `fold`: of the frames outside them.
void Walker::StoreFrames(uint32_t first, uint64_t fold) {
  memo_.first = first;
  for (uint32_t left = count_; left > 0;) {
    uint32_t index = UnwindMemo::IndexOf(first + left - 1);
    for (uint32_t run = Least(left, index + 1); run > 0; --run, --left, --index) {
      const capture::Frame frame = frames_[left - 1];
      fold = FoldFrame(fold, frame);
      memo_.frames[index] = frame;
      memo_.folds[index] = fold;
    }
  }
}

// The frames written so far were found new; the old ones from old_ on stay. Outermost first, because the two places may
// overlap in a long walk.
void Walker::KeepBeforeOld(uint32_t outer_count) {
  const uint64_t fold = memo_.folds[OldIndex(old_)];
  const uint32_t first = UnwindMemo::IndexOf(memo_.first + old_ - count_);
  for (uint32_t i = count_; i > 0; --i) {
    memo_.entries[UnwindMemo::IndexOf(first + i - 1)] = memo_.entries[NewIndex(i - 1)];
  }
  StoreFrames(first, fold);
  memo_.count = count_ + outer_count;
  memo_.barriers |= met_barrier_;
}

void Walker::KeepAll() {
  StoreFrames(NewIndex(0), kFoldOfNoFrame);
  memo_.count = count_;
  memo_.barriers = met_barrier_;
}

void Walker::Emit(capture::Frame frame) {
  memo_.entries[NewIndex(count_)] = {.slot = state_.sp - 8,
                                     .return_address = state_.return_address,
                                     .fp = state_.fp,
                                     .fp_slot = state_.fp_slot};
  frames_[count_++] = frame;
}

StepEnd Walker::StepFrom(const CachedRule& cached) {
  const StepEnd end = StepSlow(memo_, cached, state_);
  met_barrier_ |= state_.fp_slot == kBarrier;
  // A root that is a zero on the stack would have to be compared like any other return address: only the rule is kept.
  at_known_root_ = end == StepEnd::kRoot && cached.rule.cfa == CfaKind::kRoot;
  return end;
}

__attribute__((noinline)) StepEnd Walker::StepCold() {
  const CachedRule cached = LookUpRuleCold(memo_.work, state_.lookup_pc());
  Emit(cached.frame);
  return StepFrom(cached);
}

// As far as warm rules and old frames lead: kNone, then, if a cold rule is next. Apart from Run, so that the registers
// this saves are off the stack again when a rule is compiled.
__attribute__((noinline)) Walker::Ended Walker::RunWarm() {
  for (;;) {
    switch (RunByRules()) {
      case Pause::kFull:
        if (count_ == limit_) return Ended::kCut;
        break;  // at the end of the ring
      case Pause::kRoot: return Ended::kRoot;
      case Pause::kColdRule: return Ended::kNot;
      case Pause::kOldFrame:
        if (MeetsOldFrame() && ReuseOldFrames()) return Ended::kByOldFrames;
        break;
      case Pause::kSlowRule: {
        const StepEnd end = StepFrom(RuleCache::Unpack(words_));
        if (end != StepEnd::kNone) return end == StepEnd::kRoot ? Ended::kRoot : Ended::kCut;
        break;
      }
    }
  }
}

inline WalkResult Walker::Run() {
  Ended ended;
  while ((ended = RunWarm()) == Ended::kNot) {
    const StepEnd end = StepCold();
    if (end == StepEnd::kNone) continue;
    ended = end == StepEnd::kRoot ? Ended::kRoot : Ended::kCut;
    break;
  }
  if (ended != Ended::kByOldFrames) {
    memo_.complete = at_known_root_;
    KeepAll();
  }
  return {.frame_count = count_, .truncated = ended == Ended::kCut, .fold = count_ != 0 ? memo_.folds[memo_.first] : kFoldOfNoFrame};
}

// Whether the function uses rbp as it likes and has its caller's on the stack: what rbp holds in it leads nowhere.
bool IsIndependentOfFp(uintptr_t return_address) {
  RuleCache::Words words;
  return g_rule_cache.FindWords(return_address - 1, words) && words.rule.plain() && !words.rule.from_fp() && words.rule.fp_saved();
}

}  // namespace

bool StackStands(const UnwindMemo& memo, const StackStart& start) {
  if (memo.walking != 0 || memo.complete == 0 || memo.count == 0) return false;
  if (memo.map_epoch != ModuleMapEpoch() || memo.stack_epoch != g_stack_epoch.load(std::memory_order_relaxed)) return false;
  const Entry& leaf = memo.entries[memo.first];
  if (leaf.slot != start.sp - 8 || leaf.return_address != start.pc) return false;
  if (leaf.fp != start.fp && !IsIndependentOfFp(start.pc)) return false;
  return InReadableRange(memo, leaf.slot) && CountUnchangedAround(memo, memo.first + 1, memo.count - 1) == memo.count - 1;
}

WalkResult Walk(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames) {
  const uint32_t map_epoch = ModuleMapEpoch();
  if (memo.walking != 0) memo.readable_low = memo.readable_high = 0;
  if (memo.walking != 0 || memo.map_epoch != map_epoch) {
    memo.count = 0;  // its frames name modules as they were
    memo.map_epoch = map_epoch;
  }
  const uint32_t stack_epoch = g_stack_epoch.load(std::memory_order_relaxed);
  if (memo.stack_epoch != stack_epoch) {
    memo.readable_low = memo.readable_high = 0;
    memo.stack_epoch = stack_epoch;
  }
  if (!InReadableRange(memo, start.sp - 8)) ExtendReadableRangeDown(memo, start.sp - 8);
  static_assert(sizeof(Walker) <= sizeof(memo.walker));
  memo.walking = 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // a handler that jumps away runs on this thread
  const WalkResult result = (new (memo.walker) Walker(memo, start, frames))->Run();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  memo.walking = 0;
  return result;
}

void NoteUnmap() { g_stack_epoch.fetch_add(1, std::memory_order_relaxed); }

}  // namespace leaktrack::track
