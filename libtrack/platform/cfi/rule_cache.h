// SPDX-License-Identifier: Apache-2.0
//
// Compiled CFI rules by PC: what makes a warm frame cost one look-up.
//
// What: 16,384 entries of 32 bytes, two to a cache line. An entry carries the packed capture::Frame
// as well, so that a warm frame is named for free. Why no lock and no sequence number: each entry
// checks itself (the fourth word is a mix of the other three), so that a reader beside a writer
// sees a miss, never a mixture.
// Limits: 512 KiB of .bss, touched page by page as PCs appear; a third PC on one line evicts one of
// the two.
//
// Thread-safety: lock-free on both sides.
// Allocates: never.
// Signals: safe.
// Fork: the child may go on using it.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_RULE_CACHE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_RULE_CACHE_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/cfi/cfi_rule.h"

namespace leaktrack::track {

struct CachedRule {
  capture::Frame frame;
  CfiRule rule;
};

class RuleCache {
 public:
  struct Words {
    capture::Frame frame;
    RuleWord rule;
  };

  // `pc` is never 0.
  __attribute__((always_inline)) bool FindWords(uintptr_t pc, Words& found) const {
    const Line& line = lines_[LineOf(pc)];
    return line.ways[0].Load(pc, found) || line.ways[1].Load(pc, found);
  }
  bool Find(uintptr_t pc, CachedRule& found) const {
    Words words;
    if (!FindWords(pc, words)) return false;
    found = Unpack(words);
    return true;
  }
  static CachedRule Unpack(const Words& words) {
    return {.frame = words.frame, .rule = words.rule.rule()};
  }

  void Insert(uintptr_t pc, const CachedRule& rule);

  // Drops the rules of frames for which `stale` says so.
  void Sweep(bool (*stale)(capture::Frame frame));

 private:
  static constexpr unsigned kLineBits = 13;

  struct Entry {
    std::atomic<uint64_t> pc;
    std::atomic<uint64_t> frame;
    std::atomic<uint64_t> rule;
    std::atomic<uint64_t> check;

    static uint64_t Check(uint64_t pc, uint64_t frame, uint64_t rule) {
      return pc ^ std::rotl(frame, 21) ^ rule;
    }

    __attribute__((always_inline)) bool Load(uintptr_t wanted, Words& found) const {
      if (pc.load(std::memory_order_relaxed) != wanted) return false;
      const uint64_t frame_word = frame.load(std::memory_order_relaxed);
      const uint64_t rule_word = rule.load(std::memory_order_relaxed);
      if (check.load(std::memory_order_relaxed) != Check(wanted, frame_word, rule_word))
        return false;
      found = {.frame = frame_word, .rule = {rule_word}};
      return true;
    }
  };

  struct alignas(64) Line {
    Entry ways[2];
  };

  // The low bits as they are: call sites are spread over them evenly, and each operation more would
  // lie in the chain of dependent loads that a walk is.
  static size_t LineOf(uintptr_t pc) { return (pc + 1) & ((size_t{1} << kLineBits) - 1); }

  Line lines_[size_t{1} << kLineBits];
};

// The one of this process. Zero-initialised: empty.
extern RuleCache g_rule_cache;

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_RULE_CACHE_H_
