// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/unwinder.h"

#include <atomic>
#include <new>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/walk/rule_lookup.h"
#include "libtrack/platform/walk/stack_cache.h"
#include "libtrack/platform/walk/stack_fold.h"
#include "libtrack/platform/walk/stack_root.h"
#include "libtrack/platform/walk/stack_step.h"

namespace leaktrack::track {

constinit std::atomic<uint32_t> g_stack_epoch{0};

namespace {

using Entry = UnwindMemo::Entry;

// Why RunByRules stopped.
enum class Pause : uint8_t { kFull, kRoot, kOldFrame, kColdRule, kSlowRule };

// How many of the `count` entries outside `inner` can be read. Up to a barrier, slots ascend from a
// readable one, and each fp_slot lies below its slot.
uint32_t CountReadable(const Entry* inner, uint32_t count, uintptr_t high, bool barriers) {
  if (!barriers) {
    while (count > 0 && inner[-static_cast<ptrdiff_t>(count)].slot >= high) --count;
    return count;
  }
  uint32_t readable = 0;
  for (const Entry* entry = inner - 1;
       readable < count && entry->slot < high && entry->fp_slot != kBarrier; --entry)
    ++readable;
  return readable;
}

// True if a step from the next inner frame would read the same values now as in the last walk.
inline bool IsUnchanged(const Entry& entry) {
  if (entry.fp_slot != kFpUnchanged && LoadStackWord(entry.fp_slot) != entry.fp) return false;
  return LoadStackWord(entry.slot) == entry.return_address;
}

// For how many of the `count` entries outside `inner` IsUnchanged() is true, up to the first for
// which it is not.
inline uint32_t CountStanding(const UnwindMemo& memo, const Entry* inner, uint32_t count) {
  const Entry* const end =
      inner - 1 - CountReadable(inner, count, memo.readable_high, memo.barriers != 0);
  const Entry* entry = inner - 1;
  while (entry != end && IsUnchanged(*entry)) --entry;
  return static_cast<uint32_t>(inner - 1 - entry);
}

// Copies frames that are stored outermost first, from the one at `from` outwards.
inline void CopyOutwards(const capture::Frame* from, uint32_t count, capture::Frame* to) {
  using Pair = uint64_t __attribute__((vector_size(16), aligned(8), may_alias));
  const capture::Frame* const end = to + count;
  for (; to + 2 <= end; to += 2, from -= 2) {
    const Pair pair = *reinterpret_cast<const Pair*>(from - 1);
    *reinterpret_cast<Pair*>(to) = Pair{pair[1], pair[0]};
  }
  if (to != end) *to = *from;
}

// A walk in progress.
class Walker {
 public:
  Walker(UnwindMemo& memo, bool was_complete, const StackStart& start,
         std::span<capture::Frame> frames)
      : memo_(memo),
        frames_(frames.data()),
        limit_(frames.size() < kMaxFrames ? static_cast<uint32_t>(frames.size()) : kMaxFrames),
        was_complete_(was_complete),
        old_(memo.count),
        state_{.return_address = start.pc,
               .sp = start.sp,
               .fp = start.fp,
               .fp_slot = kBarrier,
               .registers = 0} {}

  WalkResult Run();
  bool ended_at_known_root() const { return at_known_root_; }

 private:
  enum class Ended : uint8_t { kNot, kRoot, kCut, kByOldFrames };

  Ended RunWarm();
  Pause RunByRules();
  bool ReuseOldFrames();
  StepEnd StepCold();
  StepEnd StepFrom(const CachedRule& cached);
  void Emit(capture::Frame frame, const Entry& entry);
  void KeepInside(uint32_t standing);

  UnwindMemo& memo_;
  capture::Frame* const frames_;
  const uint32_t limit_;
  const bool was_complete_;  // of the last walk
  // How many frames of the last walk, counted from the outermost, can still be outside the present
  // one.
  uint32_t old_;
  uint32_t count_ = 0;  // frames written, which is also the number of fresh entries
  bool at_known_root_ = false;
  bool met_barrier_ = false;  // in a frame outside the leaf
  RuleCache::Words words_{};  // of the frame at which RunByRules stopped
  FrameState state_;
};

// The cheap path: plain rules from the cache, with the state in registers.
__attribute__((always_inline)) inline Pause Walker::RunByRules() {
  uintptr_t return_address = state_.return_address;
  uintptr_t sp = state_.sp;
  uintptr_t fp = state_.fp;
  uintptr_t fp_slot = state_.fp_slot;
  const bool on_known_stack = InReadableRange(memo_, sp) && (sp & 7) == 0;
  const uintptr_t high = on_known_stack ? memo_.readable_high : 0;
  const Entry* old = memo_.entries + old_;
  Entry* entry = memo_.fresh + count_;
  capture::Frame* frame = frames_ + count_;
  const capture::Frame* const end = frames_ + limit_;
  const RuleCache* rules = &g_rule_cache;
  __asm__("" : "+r"(rules));  // keeps the address in a register, too
  RuleCache::Words words;
  Pause pause;
  for (;;) {
    if (frame == end) {
      pause = Pause::kFull;
      break;
    }
    const uintptr_t slot = sp - 8;
    if (slot >= old->slot) {
      // These have returned. Above the outermost one is an entry that is no frame.
      while (old->slot < slot) --old;
      if (old->slot == slot && old != memo_.entries) {
        if (old->return_address == return_address && old->fp == fp) {
          pause = Pause::kOldFrame;
          break;
        }
        --old;  // another frame is there now
      }
    }
    if (!rules->FindWords(return_address - 1, words)) {
      pause = Pause::kColdRule;
      break;
    }
    *frame++ = words.frame;
    *entry++ = {.slot = slot, .return_address = return_address, .fp = fp, .fp_slot = fp_slot};
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
  old_ = static_cast<uint32_t>(old - memo_.entries);
  state_ = {.return_address = return_address,
            .sp = sp,
            .fp = fp,
            .fp_slot = fp_slot,
            .registers = stepped ? 0 : state_.registers};
  return pause;
}

// Starts at a frame of the last walk that is unchanged, and takes all outer frames that are
// unchanged too. True: that completed the walk. False: state_ is the outermost of them, from which
// the walk goes on.
bool Walker::ReuseOldFrames() {
  Entry* const met = memo_.entries + old_;
  met->fp_slot = state_.fp_slot;  // how it is reached in this walk
  const uint32_t possible = old_ < limit_ - count_ ? old_ : limit_ - count_;
  const uint32_t same =
      InReadableRange(memo_, met->slot) ? 1 + CountStanding(memo_, met, possible - 1) : 1;
  if (same == old_ && was_complete_) {
    CopyOutwards(memo_.frames + old_, same, frames_ + count_);
    KeepInside(old_);
    at_known_root_ = true;
    count_ += same;
    return true;
  }
  for (uint32_t i = 0; i + 1 < same; ++i, --old_) Emit(memo_.frames[old_], memo_.entries[old_]);
  const Entry& last = memo_.entries[old_--];  // this frame is visited again, by its rule
  state_ = {.return_address = last.return_address,
            .sp = last.slot + 8,
            .fp = last.fp,
            .fp_slot = last.fp_slot,
            .registers = same == 1 ? state_.registers : 0};
  return false;
}

// Stores the frames found so far inside the `standing` outermost frames of the last walk.
void Walker::KeepInside(uint32_t standing) {
  uint32_t depth = standing;
  uint64_t fold = memo_.folds[depth];
  for (uint32_t i = count_; i > 0; --i) {
    const capture::Frame frame = frames_[i - 1];
    fold = FoldFrame(fold, frame, ++depth);
    memo_.entries[depth] = memo_.fresh[i - 1];
    memo_.frames[depth] = frame;
    memo_.folds[depth] = fold;
  }
  memo_.count = depth;
}

void Walker::Emit(capture::Frame frame, const Entry& entry) {
  memo_.fresh[count_] = entry;
  frames_[count_++] = frame;
}

StepEnd Walker::StepFrom(const CachedRule& cached) {
  const StepEnd end = StepSlow(memo_, cached, state_);
  met_barrier_ |= state_.fp_slot == kBarrier;
  // A root that is a zero on the stack would have to be compared like any other return address. So
  // only a root by rule counts.
  at_known_root_ = end == StepEnd::kRoot && cached.rule.cfa == CfaKind::kRoot;
  return end;
}

__attribute__((noinline)) StepEnd Walker::StepCold() {
  const CachedRule cached = LookUpRuleCold(memo_.work, state_.lookup_pc());
  Emit(cached.frame, {.slot = state_.sp - 8,
                      .return_address = state_.return_address,
                      .fp = state_.fp,
                      .fp_slot = state_.fp_slot});
  return StepFrom(cached);
}

// Runs as far as warm rules and old frames lead. kNot: a cold rule is next. This is separate from
// Run, so that the registers that it saves are off the stack when a rule is compiled.
__attribute__((noinline)) Walker::Ended Walker::RunWarm() {
  for (;;) {
    switch (RunByRules()) {
      case Pause::kFull:
        return Ended::kCut;
      case Pause::kRoot:
        return Ended::kRoot;
      case Pause::kColdRule:
        return Ended::kNot;
      case Pause::kOldFrame:
        if (ReuseOldFrames()) return Ended::kByOldFrames;
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
  if (ended == Ended::kCut && IsRootWithoutRule(state_.sp)) ended = Ended::kRoot;
  if (ended != Ended::kByOldFrames) KeepInside(0);
  memo_.barriers = met_barrier_;  // reused old frames have none
  return {
      .frame_count = count_, .truncated = ended == Ended::kCut, .fold = memo_.folds[memo_.count]};
}

}  // namespace

WalkResult Walk(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames) {
  const uint32_t map_epoch = ModuleMapEpoch();
  const bool was_left = memo.walking != 0;
  const bool was_complete = memo.complete != 0;
  memo.walking = 1;
  memo.complete = 0;
  // A signal fence is enough: a handler that jumps away runs on this thread.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (was_left) memo.readable_low = memo.readable_high = 0;
  if (was_left || memo.map_epoch != map_epoch) {
    memo.count = 0;  // its frames name modules of another epoch
    memo.map_epoch = map_epoch;
  }
  const uint32_t stack_epoch = g_stack_epoch.load(std::memory_order_relaxed);
  if (memo.stack_epoch != stack_epoch) {
    memo.readable_low = memo.readable_high = 0;
    memo.stack_epoch = stack_epoch;
  }
  if (!InReadableRange(memo, start.sp - 8)) ExtendReadableRangeDown(memo, start.sp - 8);
  memo.entries[0].slot = UINTPTR_MAX;
  static_assert(sizeof(Walker) <= sizeof(memo.walker));
  Walker* const walker = new (memo.walker) Walker(memo, was_complete, start, frames);
  const WalkResult result = walker->Run();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  memo.complete = walker->ended_at_known_root();
  memo.walking = 0;
  return result;
}

void NoteUnmap() { g_stack_epoch.fetch_add(1, std::memory_order_relaxed); }

}  // namespace leaktrack::track
