// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/stack_cache.h"

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/cfi/rule_cache.h"
#include "libtrack/platform/walk/stack_step.h"

namespace leaktrack::track {

// Tells in which frames the value of rbp matters: a frame further out is found by it before it is
// restored. Most functions use rbp for any value, which changes all the time.
class FpUse {
 public:
  explicit FpUse(const UnwindMemo& memo) {
    bool outside = false;
    for (uint32_t i = 1; i <= memo.count; ++i) {
      RuleCache::Words words;
      const bool has_rule = g_rule_cache.FindWords(memo.entries[i].return_address - 1, words);
      outside = !has_rule || MattersIn(words.rule, outside);
      if (outside) bits_[i / 64] |= uint64_t{1} << (i % 64);
      provisional_ |= !has_rule && capture::FrameModule(memo.frames[i]) == capture::kUnknownModule;
    }
  }
  bool Matters(uint32_t entry) const { return (bits_[entry / 64] >> (entry % 64) & 1) != 0; }
  // True if a frame is in a module that the next walk may find (rule_lookup.cc then keeps no rule).
  bool provisional() const { return provisional_; }

 private:
  // `outside`: whether rbp matters in the frame outside this one.
  static bool MattersIn(RuleWord rule, bool outside) {
    if (!rule.plain()) return rule.rule().cfa != CfaKind::kRoot;
    return rule.from_fp() || (outside && !rule.fp_saved());
  }

  bool provisional_ = false;
  uint64_t bits_[kMaxFrames / 64 + 1] = {};
};

namespace {

void Fence() { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace

// Writes the words that determine where the frames are, from the leaf outwards. For the leaf itself
// nothing was read: its state was given.
uint32_t StackCache::WriteWords(const UnwindMemo& memo, const FpUse& fp_use, Word* words) {
  uint32_t count = 0;
  for (uint32_t i = memo.count - 1; i > 0; --i) {
    const UnwindMemo::Entry& entry = memo.entries[i];
    if (entry.fp_slot != kFpUnchanged && fp_use.Matters(i))
      words[count++] = {entry.fp_slot, entry.fp};
    words[count++] = {entry.slot, entry.return_address};
  }
  return count;
}

// Reserves contiguous space for `words`. From now on its previous contents count as overwritten.
uint64_t StackCache::MakeRoom(uint32_t words) {
  uint64_t begin = written_;
  if (begin % kWords + words > kWords) begin += kWords - begin % kWords;
  written_ = begin + words;
  return begin;
}

void StackCache::Keep(const UnwindMemo& memo, const StackStart& start, uint32_t value) {
  LEAKTRACK_DCHECK(value != 0);
  if (memo.complete == 0 || memo.barriers != 0) return;
  const FpUse fp_use(memo);
  if (fp_use.provisional()) return;
  if (map_epoch_ != memo.map_epoch || stack_epoch_ != memo.stack_epoch) {
    Clear();
    Fence();
    map_epoch_ = memo.map_epoch;
    stack_epoch_ = memo.stack_epoch;
  }
  const uint32_t set = SetOf(start);
  Stack& stack = sets_[set][next_way_[set]++ % kWays];
  stack.pc = 0;
  const uint64_t begin = MakeRoom(2 * memo.count);
  Fence();  // by now the stacks whose words are overwritten are invalid
  const uint32_t count = WriteWords(memo, fp_use, words_ + begin % kWords);
  written_ = begin + count;
  stack.from = start.sp - 8;
  stack.fp = start.fp;
  stack.any_fp = !fp_use.Matters(memo.count);
  stack.top = memo.entries[1].slot;
  stack.begin = begin;
  stack.count = count;
  stack.value = value;
  Fence();
  stack.pc = start.pc;
}

}  // namespace leaktrack::track
