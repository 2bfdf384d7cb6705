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

// A walk in progress. Entries of the last walk lie in memo.entries[old_..kMaxFrames), leaf first.
class Walker {
 public:
  Walker(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames)
      : memo_(memo),
        frames_(frames.data()),
        limit_(frames.size() < kMaxFrames ? static_cast<uint32_t>(frames.size()) : kMaxFrames),
        state_{.return_address = start.pc, .sp = start.sp, .fp = start.fp, .fp_slot = kBarrier, .registers = 0} {}

  WalkResult Run();

 private:
  bool MeetsOldFrame();
  bool StillStands(const Entry& entry) const;
  bool ReuseOldFrames();
  void KeepFresh(capture::Frame frame);
  StepEnd RunByRules(CachedRule& cached);
  void KeepAll();
  void KeepFreshBeforeOld();

  UnwindMemo& memo_;
  capture::Frame* const frames_;
  const uint32_t limit_;
  uint32_t count_ = 0;   // frames written
  uint32_t fresh_ = 0;   // of them in memo.fresh
  uint32_t old_ = 0;
  FrameState state_;
};

// Old frames below the stack pointer have returned.
bool Walker::MeetsOldFrame() {
  const uintptr_t slot = state_.sp - 8;
  while (old_ < kMaxFrames && memo_.entries[old_].slot < slot) ++old_;
  if (old_ == kMaxFrames) return false;
  const Entry& entry = memo_.entries[old_];
  return entry.slot == slot && entry.return_address == state_.return_address && entry.fp == state_.fp;
}

// Whether a step from the frame inside this one would read now what it read then.
bool Walker::StillStands(const Entry& entry) const {
  if (!InReadableRange(memo_, entry.slot) || LoadStackWord(entry.slot) != entry.return_address) return false;
  if (entry.fp_slot == kFpUnchanged) return true;
  if (entry.fp_slot == kBarrier || !InReadableRange(memo_, entry.fp_slot)) return false;
  return LoadStackWord(entry.fp_slot) == entry.fp;
}

// From an old frame that is still the same, takes all outer ones that are, too. True when that ended the walk; else
// state_ is the outermost frame taken, to go on from.
bool Walker::ReuseOldFrames() {
  const uint32_t first = old_;
  memo_.entries[first].fp_slot = state_.fp_slot;  // how it is reached now
  frames_[count_++] = memo_.entries[first].frame;
  uint32_t next = first + 1;
  while (next < kMaxFrames && count_ < limit_ && StillStands(memo_.entries[next])) {
    frames_[count_++] = memo_.entries[next++].frame;
  }
  if (next == kMaxFrames && memo_.complete != 0) return true;
  for (uint32_t i = first; i < next; ++i) memo_.fresh[fresh_++] = memo_.entries[i];
  const Entry& last = memo_.entries[next - 1];
  if (next - 1 != first) {
    state_ = {.return_address = last.return_address, .sp = last.slot + 8, .fp = last.fp, .fp_slot = last.fp_slot};
  }
  old_ = next;
  return false;
}

void Walker::KeepFreshBeforeOld() {
  const uint32_t begin = old_ - fresh_;  // not below 0: no walk has more than kMaxFrames frames
  for (uint32_t i = 0; i < fresh_; ++i) memo_.entries[begin + i] = memo_.fresh[i];
  memo_.count = kMaxFrames - begin;
}

void Walker::KeepAll() {
  old_ = kMaxFrames;
  KeepFreshBeforeOld();
}

void Walker::KeepFresh(capture::Frame frame) {
  frames_[count_++] = frame;
  memo_.fresh[fresh_++] = {.slot = state_.sp - 8,
                           .return_address = state_.return_address,
                           .fp = state_.fp,
                           .fp_slot = state_.fp_slot,
                           .frame = frame};
}

// Frames that no old one stands outside of: rules alone, with the state in registers.
StepEnd Walker::RunByRules(CachedRule& cached) {
  const uintptr_t low = memo_.readable_low;
  const uintptr_t size = memo_.readable_high - low;
  uintptr_t next_old = old_ < kMaxFrames ? memo_.entries[old_].slot : UINTPTR_MAX;
  uintptr_t return_address = state_.return_address;
  uintptr_t sp = state_.sp;
  uintptr_t fp = state_.fp;
  uintptr_t fp_slot = state_.fp_slot;
  uint32_t count = count_;
  Entry* fresh = memo_.fresh + fresh_;
  uintptr_t registers = state_.registers;
  capture::Frame* const frames = frames_;
  const uint32_t limit = limit_;
  bool stepped = true;
  CachedRule now{};  // not `cached`: what other functions may see lives in memory
  while (count < limit && sp - 8 < next_old && g_rule_cache.Find(return_address - 1, now)) {
    frames[count++] = now.frame;
    *fresh++ = {.slot = sp - 8, .return_address = return_address, .fp = fp, .fp_slot = fp_slot, .frame = now.frame};
    stepped = StepFast(low, size, now.rule, return_address, sp, fp, fp_slot);
    if (!stepped) break;
    registers = 0;
    if (return_address == 0) break;
  }
  cached = now;
  state_.registers = registers;
  state_.return_address = return_address;
  state_.sp = sp;
  state_.fp = fp;
  state_.fp_slot = fp_slot;
  count_ = count;
  fresh_ = static_cast<uint32_t>(fresh - memo_.fresh);
  if (!stepped) return StepSlow(memo_, cached, state_);
  return return_address == 0 ? StepEnd::kRoot : StepEnd::kNone;
}

WalkResult Walker::Run() {
  old_ = kMaxFrames - memo_.count;
  StepEnd end = StepEnd::kNone;
  CachedRule cached;
  while (end == StepEnd::kNone && count_ < limit_) {
    const uint32_t before = count_;
    if (MeetsOldFrame()) {
      if (ReuseOldFrames()) {
        KeepFreshBeforeOld();
        return {.frame_count = count_, .truncated = false};
      }
      cached = LookUpRule(state_.lookup_pc());
      end = StepSlow(memo_, cached, state_);
      continue;
    }
    end = RunByRules(cached);
    if (count_ != before || end != StepEnd::kNone) continue;
    // A cold rule, or an old frame at the same place that is not the same.
    cached = LookUpRule(state_.lookup_pc());
    KeepFresh(cached.frame);
    end = StepSlow(memo_, cached, state_);
  }
  // A root that is a zero on the stack would have to be compared like any other return address: only the rule is kept.
  memo_.complete = end == StepEnd::kRoot && cached.rule.cfa == CfaKind::kRoot;
  KeepAll();
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
