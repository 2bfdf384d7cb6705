// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/unwinder.h"

#include <atomic>

#include "libtrack/platform/module_map.h"
#include "libtrack/platform/rule_lookup.h"
#include "libtrack/platform/stack_step.h"

namespace leaktrack::track {
namespace {

using Entry = UnwindMemo::Entry;

std::atomic<uint32_t> g_stack_epoch;

// Why a run by rules ended.
enum class Pause : uint8_t { kFull, kRoot, kOldFrame, kColdRule, kSlowRule };

// A walk in progress. Entries of the last walk lie in memo.entries[old_..kMaxFrames), leaf first.
class Walker {
 public:
  Walker(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames)
      : memo_(memo),
        frames_(frames.data()),
        limit_(frames.size() < kMaxFrames ? static_cast<uint32_t>(frames.size()) : kMaxFrames),
        old_(kMaxFrames - memo.count),
        state_{.return_address = start.pc, .sp = start.sp, .fp = start.fp, .fp_slot = kBarrier, .registers = 0} {}

  WalkResult Run();

 private:
  Pause RunByRules();
  bool MeetsOldFrame();
  const Entry* FirstChanged(const Entry* from, const Entry* end) const;
  bool ReuseOldFrames();
  StepEnd StepCold();
  StepEnd StepFrom(const CachedRule& cached);
  void Emit(capture::Frame frame);
  void KeepFreshBefore(uint32_t outer);

  UnwindMemo& memo_;
  capture::Frame* const frames_;
  const uint32_t limit_;
  uint32_t old_;
  uint32_t count_ = 0;     // frames written; memo.fresh has their entries until the last reuse
  bool at_known_root_ = false;
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
  const uintptr_t next_old = old_ < kMaxFrames ? memo_.entries[old_].slot : UINTPTR_MAX;
  const capture::Frame* const end = frames_ + limit_;
  capture::Frame* frame = frames_ + count_;
  Entry* fresh = memo_.fresh + count_;
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
    *fresh++ = {.slot = sp - 8, .return_address = return_address, .fp = fp, .fp_slot = fp_slot};
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
  while (old_ < kMaxFrames && memo_.entries[old_].slot < slot) ++old_;
  if (old_ == kMaxFrames || memo_.entries[old_].slot != slot) return false;
  const Entry& entry = memo_.entries[old_];
  if (entry.return_address == state_.return_address && entry.fp == state_.fp) return true;
  ++old_;  // another frame stands there now
  return false;
}

// The first of the old frames behind `from`, an old frame that is still the same, for which a step from the frame inside
// it would not read now what it read then; `end` at most. Up to a barrier slots ascend, each fp_slot lies below its slot,
// and `from` is in the readable range: one bound is left to check.
inline const UnwindMemo::Entry* Walker::FirstChanged(const Entry* from, const Entry* end) const {
  if (!InReadableRange(memo_, from->slot)) return from + 1;
  const uintptr_t high = memo_.readable_high;
  const Entry* next = from + 1;
  for (; next < end && next->slot < high; ++next) {
    if (next->fp_slot > kBarrier) {
      if (LoadStackWord(next->fp_slot) != next->fp) break;
    } else if (next->fp_slot == kBarrier) {
      break;
    }
    if (LoadStackWord(next->slot) != next->return_address) break;
  }
  return next;
}

inline void CopyFrames(const capture::Frame* from, uint32_t count, capture::Frame* to) {
  using Pair = uint64_t __attribute__((vector_size(16), aligned(8), may_alias));
  uint32_t i = 0;
  for (; i + 2 <= count; i += 2) *reinterpret_cast<Pair*>(to + i) = *reinterpret_cast<const Pair*>(from + i);
  if (i < count) to[i] = from[i];
}

// From an old frame that is still the same, takes all outer ones that are, too. True when that ended the walk; else
// state_ is the outermost of them, to go on from.
bool Walker::ReuseOldFrames() {
  Entry* const first = memo_.entries + old_;
  const uint32_t room = limit_ - count_;
  const uint32_t possible = room < kMaxFrames - old_ ? room : kMaxFrames - old_;
  first->fp_slot = state_.fp_slot;  // how it is reached now
  const Entry* const changed = FirstChanged(first, first + possible);
  const auto same = static_cast<uint32_t>(changed - first);
  const bool complete = old_ + same == kMaxFrames && memo_.complete != 0;
  if (complete) KeepFreshBefore(old_);
  const uint32_t taken = complete ? same : same - 1;  // the last one is met again, by its rule
  CopyFrames(memo_.frames + old_, taken, frames_ + count_);
  old_ += same;
  if (!complete && taken != 0) {
    for (uint32_t i = 0; i < taken; ++i) memo_.fresh[count_ + i] = first[i];
    const Entry& last = first[taken];
    state_ = {.return_address = last.return_address, .sp = last.slot + 8, .fp = last.fp, .fp_slot = last.fp_slot,
              .registers = 0};
  }
  count_ += taken;
  return complete;
}

// The frames written so far were found new; those from `outer` on stay.
void Walker::KeepFreshBefore(uint32_t outer) {
  const uint32_t begin = outer - count_;  // not below 0: no walk has more than kMaxFrames frames
  for (uint32_t i = 0; i < count_; ++i) memo_.entries[begin + i] = memo_.fresh[i];
  CopyFrames(frames_, count_, memo_.frames + begin);
  memo_.count = kMaxFrames - begin;
}

void Walker::Emit(capture::Frame frame) {
  memo_.fresh[count_] = {.slot = state_.sp - 8,
                         .return_address = state_.return_address,
                         .fp = state_.fp,
                         .fp_slot = state_.fp_slot};
  frames_[count_++] = frame;
}

StepEnd Walker::StepFrom(const CachedRule& cached) {
  const StepEnd end = StepSlow(memo_, cached, state_);
  // A root that is a zero on the stack would have to be compared like any other return address: only the rule is kept.
  at_known_root_ = end == StepEnd::kRoot && cached.rule.cfa == CfaKind::kRoot;
  return end;
}

__attribute__((noinline)) StepEnd Walker::StepCold() {
  const CachedRule cached = LookUpRuleCold(state_.lookup_pc());
  Emit(cached.frame);
  return StepFrom(cached);
}

WalkResult Walker::Run() {
  StepEnd end = StepEnd::kNone;
  bool full = false;
  while (end == StepEnd::kNone && !full) {
    switch (RunByRules()) {
      case Pause::kFull: full = true; break;
      case Pause::kRoot: end = StepEnd::kRoot; break;
      case Pause::kColdRule: end = StepCold(); break;
      case Pause::kSlowRule: end = StepFrom(RuleCache::Unpack(words_)); break;
      case Pause::kOldFrame:
        if (MeetsOldFrame() && ReuseOldFrames()) return {.frame_count = count_, .truncated = false};
        break;
    }
  }
  memo_.complete = at_known_root_;
  KeepFreshBefore(kMaxFrames);
  return {.frame_count = count_, .truncated = end != StepEnd::kRoot};
}

}  // namespace

WalkResult Walk(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames) {
  const uint32_t map_epoch = ModuleMapEpoch();
  if (memo.map_epoch != map_epoch) {
    memo.count = 0;  // its frames name modules as they were
    memo.map_epoch = map_epoch;
  }
  const uint32_t stack_epoch = g_stack_epoch.load(std::memory_order_relaxed);
  if (memo.stack_epoch != stack_epoch) {
    memo.readable_low = memo.readable_high = 0;
    memo.stack_epoch = stack_epoch;
  }
  return Walker(memo, start, frames).Run();
}

void NoteUnmap() { g_stack_epoch.fetch_add(1, std::memory_order_relaxed); }

}  // namespace leaktrack::track
