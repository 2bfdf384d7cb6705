// SPDX-License-Identifier: Apache-2.0
//
// The stacks that one thread has walked of late, and what was found for each: a stack that stands
// again is not walked again.
//
// A server comes by the same calls at the same depth again and again. A walk is a function of the
// words that it reads: where its frames begin, what the rules for their code say, return addresses,
// saved rbp. So what was found for a stack holds as long as modules and mappings are as they were,
// and every word that was read has the value it had. Which stack that may be is chosen by where it
// begins, a few for each; words are compared from the leaf outwards, so that one with another
// caller is given up at once.
//
// Memory: 37 KiB, in mapped memory; zero-filled it is a valid, empty cache. A stack that no room is
// left for takes that of the oldest ones. Stacks that were not followed to a root known by its pc
// alone, or lead over more than one stack, are not kept; nor are those with a frame in a module
// that is not known yet.
//
// Promises: never faults: reads nothing that a walk with the same memo would not read without
// asking the kernel. Costs: some 40 instructions, and 7 a word; a frame has one word, two where it
// restores an rbp that the next ones are found by.
//
// Thread-safety: one per thread, with the thread's own memo.
// Allocates: never.
// Fork: the child may go on using it.
// Signals: a handler may jump away after any instruction.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_CACHE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_CACHE_H_

#include <atomic>
#include <cstdint>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/walk/stack_probe.h"

namespace leaktrack::track {

// Raised by NoteUnmap().
extern std::atomic<uint32_t> g_stack_epoch __attribute__((visibility("hidden")));

class FpUse;

class StackCache {
 public:
  // What was kept for the stack that begins at `start`; 0: it does not stand, or is not known.
  [[gnu::always_inline]] uint32_t Find(const UnwindMemo& memo, const StackStart& start) const {
    const uintptr_t from = start.sp - 8;
    if (map_epoch_ != ModuleMapEpoch() ||
        stack_epoch_ != g_stack_epoch.load(std::memory_order_relaxed))
      return 0;
    if (!InReadableRange(memo, from) || memo.walking != 0)
      return 0;  // jumped out of, a walk leaves half a range
    for (const Stack& stack : sets_[SetOf(start)]) {
      if (stack.pc != start.pc || stack.from != from || (stack.fp != start.fp && !stack.any_fp))
        continue;
      if (stack.top < memo.readable_high && !IsOverwritten(stack) && Stands(stack))
        return stack.value;
    }
    return 0;
  }

  // Keeps `value`, not 0, for the stack from `start` that the last walk with `memo` has followed.
  void Keep(const UnwindMemo& memo, const StackStart& start, uint32_t value);

  void Clear() { written_ += kWords + 1; }  // a stack of no words goes, too

 private:
  static constexpr uint32_t kSets = 16, kWays = 4;
  static constexpr uint32_t kWords = 2048;
  static_assert(2 * kMaxFrames <= kWords);

  struct Word {
    uintptr_t address, value;
  };
  struct alignas(64) Stack {
    uintptr_t pc, from, fp;
    uintptr_t top;   // the highest word
    uint64_t begin;  // of its words, counted through all rounds of the ring
    uint32_t count;
    uint32_t value;
    bool any_fp;  // what rbp holds in the leaf makes no difference
  };

  static uint32_t SetOf(const StackStart& start) {
    return static_cast<uint32_t>(((start.pc ^ (start.sp << 20)) * 0x9e37'79b9'7f4a'7c15ULL) >> 60);
  }
  bool IsOverwritten(const Stack& stack) const { return written_ - stack.begin > kWords; }
  bool Stands(const Stack& stack) const {
    const Word* word = words_ + stack.begin % kWords;
    for (const Word* const end = word + stack.count; word != end; ++word) {
      if (LoadStackWord(word->address) != word->value) return false;
    }
    return true;
  }
  uint64_t MakeRoom(uint32_t words);
  static uint32_t WriteWords(const UnwindMemo& memo, const FpUse& fp_use, Word* words);

  uint32_t map_epoch_, stack_epoch_;  // of all that is kept
  uint64_t written_;                  // words
  uint8_t next_way_[kSets];
  Stack sets_[kSets][kWays];
  Word words_[kWords];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_CACHE_H_
