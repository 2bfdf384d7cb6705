// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/graph/reach.h"

#include <cstring>
#include <utility>

#include "tools/witness/heaps/glibc_layout.h"
#include "tools/witness/heaps/resolve.h"

namespace leaktrack::witness {
namespace {

class Finder {
 public:
  Finder(Memory& memory, const Heap& heap, const std::vector<Root>& roots)
      : memory_(memory), heap_(heap), roots_(roots), index_(heap) {
    reach_.parent.assign(heap.blocks.size(), kNoBlock);
    by_start_.assign(heap.blocks.size(), false);
  }

  Reach Find() {
    for (int kind = 0; kind < kRootKinds; ++kind) {
      for (uint32_t i = 0; i < roots_.size(); ++i) {
        if (static_cast<int>(roots_[i].kind) == kind) TakeRoot(i);
      }
      Follow(/*through_caches=*/false);
    }
    // A thread's cache of freed blocks holds what it lists only if nothing else does: a block that
    // was freed after the list was read still looks alive, and is not lost.
    queue_ = std::move(caches_);
    Follow(/*through_caches=*/true);
    MarkOnlyInside();
    return std::move(reach_);
  }

 private:
  void TakeRoot(uint32_t number) {
    const Root& root = roots_[number];
    for (const uint64_t word : root.words) TakeWord(number, 0, word);
    if (root.range.size() == 0) return;
    memory_.ReadWritten(root.range, [&](uint64_t address, const char* bytes, size_t size) {
      const size_t first = (8 - address % 8) % 8;
      for (size_t at = first; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        TakeWord(number, address + at, word);
      }
    });
  }

  void TakeWord(uint32_t root, uint64_t address, uint64_t word) {
    const auto granule = heap_.spans.GranuleOf(word);
    if (!granule) return;
    const uint32_t found = index_.Find(*granule);
    if (found == kNoBlock) return;
    const uint32_t block = found & ~kInterior;
    if ((found & kInterior) == 0) by_start_[block] = true;
    if (reach_.parent[block] != kNoBlock) return;
    reach_.parent[block] = kByRoot | static_cast<uint32_t>(reach_.words.size());
    reach_.words.push_back({root, address});
    queue_.push_back(block);
  }

  // Blocks that have the size of a cache wait in `caches_` unless `through_caches`.
  void Follow(bool through_caches) {
    for (size_t next = 0; next < queue_.size(); ++next) {
      const uint32_t block = queue_[next];
      if (!through_caches && heap_.blocks[block].size == kCacheBytes) {
        caches_.push_back(block);
        continue;
      }
      for (uint32_t at = heap_.first[block]; at < heap_.first[block + 1]; ++at) {
        const uint32_t target = heap_.targets[at] & ~kInterior;
        if (reach_.parent[target] != kNoBlock) continue;
        reach_.parent[target] = block;
        queue_.push_back(target);
      }
    }
    queue_.clear();
  }

  // Once more, by pointers to the starts of blocks alone.
  void MarkOnlyInside() {
    for (uint32_t i = 0; i < by_start_.size(); ++i) {
      if (by_start_[i]) queue_.push_back(i);
    }
    for (size_t next = 0; next < queue_.size(); ++next) {
      const uint32_t block = queue_[next];
      for (uint32_t at = heap_.first[block]; at < heap_.first[block + 1]; ++at) {
        const uint32_t target = heap_.targets[at];
        if ((target & kInterior) != 0 || by_start_[target]) continue;
        by_start_[target] = true;
        queue_.push_back(target);
      }
    }
    queue_.clear();
    reach_.only_inside.assign(by_start_.size(), false);
    for (uint32_t i = 0; i < by_start_.size(); ++i)
      reach_.only_inside[i] = reach_.IsReached(i) && !by_start_[i];
  }

  Memory& memory_;
  const Heap& heap_;
  const std::vector<Root>& roots_;
  const BlockIndex index_;
  Reach reach_;
  std::vector<bool> by_start_;
  std::vector<uint32_t> queue_, caches_;
};

// Gives each lost block its head.
class Heads {
 public:
  Heads(const Heap& heap, Reach& reach) : heap_(heap), reach_(reach) {}

  void Find() {
    const auto count = static_cast<uint32_t>(heap_.blocks.size());
    reach_.head.assign(count, kNoBlock);
    std::vector<bool> held(count);
    held_by_none_.assign(count, false);
    for (uint32_t i = 0; i < count; ++i) {
      if (!IsLost(i)) continue;
      for (uint32_t at = heap_.first[i]; at < heap_.first[i + 1]; ++at) {
        const uint32_t target = heap_.targets[at] & ~kInterior;
        if (target != i) held[target] = true;
      }
    }
    for (uint32_t i = 0; i < count; ++i) {
      if (!IsLost(i) || held[i]) continue;
      held_by_none_[i] = true;
      Take(i);
    }
    // What is left are rings, and what hangs on them. One that reaches another counts with it.
    among_rings_ = true;
    for (uint32_t i = 0; i < count; ++i) {
      if (IsLost(i) && reach_.head[i] == kNoBlock) Take(i);
    }
    for (uint32_t i = 0; i < count; ++i) {
      if (reach_.head[i] != kNoBlock) reach_.head[i] = HeadOf(i);
    }
  }

 private:
  bool IsLost(uint32_t block) const {
    return !heap_.blocks[block].freed && !reach_.IsReached(block);
  }

  uint32_t HeadOf(uint32_t block) {
    while (reach_.head[block] != block) {
      reach_.head[block] = reach_.head[reach_.head[block]];
      block = reach_.head[block];
    }
    return block;
  }

  void Take(uint32_t head) {
    reach_.head[head] = head;
    queue_.assign(1, head);
    while (!queue_.empty()) {
      const uint32_t block = queue_.back();
      queue_.pop_back();
      for (uint32_t at = heap_.first[block]; at < heap_.first[block + 1]; ++at) {
        const uint32_t target = heap_.targets[at] & ~kInterior;
        if (!IsLost(target)) continue;
        if (reach_.head[target] == kNoBlock) {
          reach_.head[target] = head;
          queue_.push_back(target);
        } else if (among_rings_ && !held_by_none_[HeadOf(target)]) {
          reach_.head[HeadOf(target)] = head;
        }
      }
    }
  }

  const Heap& heap_;
  Reach& reach_;
  std::vector<uint32_t> queue_;
  std::vector<bool> held_by_none_;
  bool among_rings_ = false;
};

}  // namespace

Reach FindReach(Memory& memory, const Heap& heap, const std::vector<Root>& roots) {
  Reach reach = Finder(memory, heap, roots).Find();
  Heads(heap, reach).Find();
  return reach;
}

}  // namespace leaktrack::witness
