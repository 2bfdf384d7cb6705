// SPDX-License-Identifier: Apache-2.0
//
// Caches compiled CFI rules by PC, so that a warm frame costs one look-up.
//
// 16,384 entries of 32 bytes, two to a cache line. An entry also contains the packed
// capture::Frame, so a warm frame gets its name for free. Why it needs no lock and no sequence
// number: each entry checks itself, because the fourth word is a mix of the other three. A reader
// that runs beside a writer sees a miss, never a mixture.
// Limits: 512 KiB of .bss, touched page by page as PCs appear. A third PC on a line evicts one of
// the two.
//
// Thread-safety: lock-free for readers and writers.
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

  // `pc` must not be 0.
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

  // Drops the rules of frames for which `stale` returns true.
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

  static void SweepPage(Line* lines, bool (*stale)(capture::Frame frame));

  // Uses the low bits directly. Call sites are spread evenly over them, and each further operation
  // would lengthen the chain of dependent loads of a walk.
  static size_t LineOf(uintptr_t pc) { return (pc + 1) & ((size_t{1} << kLineBits) - 1); }

  // Lines that share a page, so that a sweep does not touch pages that were never written.
  static constexpr size_t kLinesOfPage = 4096 / sizeof(Line);
  static constexpr size_t kPages = (size_t{1} << kLineBits) / kLinesOfPage;

  Line lines_[size_t{1} << kLineBits];
  std::atomic<uint64_t> used_pages_[kPages / 64];
};

// The cache of this process. Zero-initialised memory is empty.
extern RuleCache g_rule_cache;

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_RULE_CACHE_H_
