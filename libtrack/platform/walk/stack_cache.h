// SPDX-License-Identifier: Apache-2.0
//
// Caches the stacks that one thread has walked recently, with the result of each walk. A stack that
// is still in the cache is not walked again.
//
// A server reaches the same calls at the same depth again and again. A walk is a function of the
// words that it reads: where its frames begin, the rules for their code, return addresses, saved
// rbp. So a result stays valid as long as modules and mappings are unchanged and every word that
// was read has the same value. The candidates are chosen by where the stack begins, a few for each
// such place. Their words are compared from the leaf outwards, so a stack with another caller is
// rejected at once.
//
// Memory: 37 KiB of mapped memory. Zero-filled it is a valid, empty cache. A stack that finds no
// room replaces the oldest ones. Some stacks are not kept: those whose walk did not end at a root
// known by its pc alone, those that span more than one stack, and those with a frame in a module
// that is not known yet.
//
// Promises: it never faults, because it reads nothing that a walk with the same memo would not read
// without asking the kernel.
// Costs: some 40 instructions, and 7 per word. A frame has one word, or two if it restores an rbp
// by which the next frames are found.
//
// Thread-safety: one per thread, with the thread's own memo.
// Allocates: never.
// Signals: a handler may jump away after any instruction.
// Fork: the child may go on using it.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_CACHE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_CACHE_H_

#include <atomic>
#include <cstdint>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/walk/stack_probe.h"

namespace leaktrack::track {

// NoteUnmap() raises it.
extern std::atomic<uint32_t> g_stack_epoch __attribute__((visibility("hidden")));

class FpUse;

class StackCache {
 public:
  // The value that was kept for the stack that begins at `start`. 0: the stack has changed, or is
  // not known.
  [[gnu::always_inline]] uint32_t Find(const UnwindMemo& memo, const StackStart& start) const {
    const uintptr_t from = start.sp - 8;
    if (map_epoch_ != ModuleMapEpoch() ||
        stack_epoch_ != g_stack_epoch.load(std::memory_order_relaxed))
      return 0;
    // A walk that a handler jumped out of leaves half a range.
    if (!InReadableRange(memo, from) || memo.walking != 0) return 0;
    for (const Stack& stack : sets_[SetOf(start)]) {
      if (stack.pc != start.pc || stack.from != from || (stack.fp != start.fp && !stack.any_fp))
        continue;
      if (stack.top < memo.readable_high && !IsOverwritten(stack) && Stands(stack))
        return stack.value;
    }
    return 0;
  }

  // Keeps `value`, which must not be 0, for the stack from `start` that the last walk with `memo`
  // has followed.
  void Keep(const UnwindMemo& memo, const StackStart& start, uint32_t value);

  void Clear() { written_ += kWords + 1; }  // one more, to drop a stack of no words too

 private:
  static constexpr uint32_t kSets = 16, kWays = 4;
  static constexpr uint32_t kWords = 2048;
  static_assert(2 * kMaxFrames <= kWords);

  struct Word {
    uintptr_t address, value;
  };
  struct alignas(64) Stack {
    uintptr_t pc, from, fp;
    uintptr_t top;   // address of the highest word
    uint64_t begin;  // index of its first word, counted through all rounds of the ring
    uint32_t count;
    uint32_t value;
    bool any_fp;  // the leaf's rbp does not matter
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

  uint32_t map_epoch_, stack_epoch_;  // of everything in the cache
  uint64_t written_;                  // number of words
  uint8_t next_way_[kSets];
  Stack sets_[kSets][kWays];
  Word words_[kWords];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_CACHE_H_
