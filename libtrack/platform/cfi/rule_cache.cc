// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/cfi/rule_cache.h"

namespace leaktrack::track {

constinit RuleCache g_rule_cache;

void RuleCache::Insert(uintptr_t pc, const CachedRule& rule) {
  Line& line = lines_[LineOf(pc)];
  const size_t page = LineOf(pc) / kLinesOfPage;
  used_pages_[page / 64].fetch_or(uint64_t{1} << page % 64, std::memory_order_relaxed);
  const uint64_t first = line.ways[0].pc.load(std::memory_order_relaxed);
  const bool use_first = first == 0 || first == pc;
  // The line is full. The victim depends on the PC, so that two PCs that compete for a line may
  // still end up side by side.
  const bool second_free = line.ways[1].pc.load(std::memory_order_relaxed) == 0;
  Entry& entry = line.ways[use_first || (!second_free && ((pc >> 1) & 1) != 0) ? 0 : 1];
  const uint64_t rule_word = RuleWord::Of(rule.rule).bits;
  entry.pc.store(pc, std::memory_order_relaxed);
  entry.frame.store(rule.frame, std::memory_order_relaxed);
  entry.rule.store(rule_word, std::memory_order_relaxed);
  entry.check.store(Entry::Check(pc, rule.frame, rule_word), std::memory_order_relaxed);
}

void RuleCache::Sweep(bool (*stale)(capture::Frame frame)) {
  for (size_t page = 0; page < kPages; ++page) {
    const uint64_t used = used_pages_[page / 64].load(std::memory_order_relaxed);
    if ((used >> page % 64 & 1) != 0) SweepPage(lines_ + page * kLinesOfPage, stale);
  }
}

void RuleCache::SweepPage(Line* lines, bool (*stale)(capture::Frame frame)) {
  for (size_t i = 0; i < 2 * kLinesOfPage; ++i) {
    Entry& entry = lines[i / 2].ways[i % 2];
    if (entry.pc.load(std::memory_order_relaxed) == 0) continue;
    if (stale(entry.frame.load(std::memory_order_relaxed)))
      entry.pc.store(0, std::memory_order_relaxed);
  }
}

}  // namespace leaktrack::track
