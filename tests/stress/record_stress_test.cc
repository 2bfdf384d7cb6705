// SPDX-License-Identifier: Apache-2.0
//
// Threads allocate, free each other's blocks, reallocate and fail, while the table is thinned. At
// the end the accounts balance and nothing is left. Addresses are imaginary; ownership is decided
// as an allocator would decide it.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

constexpr uint64_t kBlocks = 4'000;
constexpr int kThreads = 4;

class Heap {
 public:
  explicit Heap(Process& process) : process_(process), owned_(kBlocks), sizes_(kBlocks) {
    for (uint64_t i = 0; i < 64; ++i) sites_.push_back(process.Site(i));
  }

  void Run(uint64_t seed, int steps) {
    auto state = std::make_unique<ThreadState>();
    HotThread hot{};
    process_.tracker->AdoptThread(hot, *state, static_cast<uint32_t>(seed));
    for (int i = 0; i < steps; ++i) {
      const uint64_t random = SplitMix64(seed++);
      const uint64_t block = random % kBlocks, other = (random >> 20) % kBlocks,
                     now_ms = static_cast<uint64_t>(i) * 4;
      switch ((random >> 40) % 4) {
        case 0:
        case 1:
          Allocate(hot, *state, block, 1'000 + (random >> 44) % 60'000, now_ms, nullptr);
          break;
        case 2:
          Free(hot, *state, block, now_ms);
          break;
        case 3:
          Reallocate(hot, *state, block, other, now_ms);
          break;
      }
    }
    process_.tracker->ReleaseThread(hot, *state);
  }

  void FreeAll() {
    auto state = std::make_unique<ThreadState>();
    HotThread hot{};
    for (uint64_t block = 0; block < kBlocks; ++block) Free(hot, *state, block, 100'000);
  }

  static void* At(uint64_t block) {
    return reinterpret_cast<void*>(0x7f00'0000'0000 + 1'040 * block);
  }

 private:
  enum : uint8_t { kFree, kHeld, kLive };

  bool Claim(uint64_t block, uint8_t from) {
    return owned_[block].compare_exchange_strong(from, kHeld, std::memory_order_acq_rel);
  }

  bool Allocate(HotThread& hot, ThreadState& state, uint64_t block, uint64_t size, uint64_t now_ms,
                const ChainLink* link) {
    if (!Claim(block, kFree)) return false;
    sizes_[block] = size;
    NamedGuard guard(hot);
    if (size < hot.countdown) {
      hot.countdown -= size;
    } else {
      RecordBlock(
          *process_.tracker, guard.ticket(), hot, state, At(block), size,
          [&] { return sites_[size % sites_.size()]; }, now_ms, link);
    }
    owned_[block].store(kLive, std::memory_order_release);
    return true;
  }

  void Free(HotThread& hot, ThreadState& state, uint64_t block, uint64_t now_ms) {
    if (!Claim(block, kLive)) return;
    Removed removed;
    if (process_.filter->MayBeTracked(At(block))) removed = process_.tracker->Take(At(block));
    owned_[block].store(kFree, std::memory_order_release);  // the real free
    NamedGuard guard(hot);
    SettleBlock(*process_.tracker, &state, removed, now_ms);
  }

  // Fails if the wanted address is taken. Then the old block must be there as before.
  void Reallocate(HotThread& hot, ThreadState& state, uint64_t block, uint64_t to,
                  uint64_t now_ms) {
    if (!Claim(block, kLive)) return;
    Removed removed = process_.tracker->Take(At(block));
    const uint64_t size = sizes_[block];
    const bool moved = to != block && owned_[to].load() == kFree;
    if (!moved) {
      process_.tracker->PutBack(At(block), removed);
      owned_[block].store(kLive, std::memory_order_release);
      return;
    }
    const ChainLink link = process_.tracker->Continue(removed);
    owned_[block].store(kFree, std::memory_order_release);
    process_.tracker->SettleDeath(nullptr, removed, now_ms);
    Allocate(hot, state, to, size + size / 2 < 100'000 ? size + size / 2 : 1'000, now_ms, &link);
  }

  Process& process_;
  std::vector<std::atomic<uint8_t>> owned_;
  std::vector<uint64_t> sizes_;
  std::vector<capture::SiteId> sites_;
};

void Stress(Process& process, int steps) {
  ASSERT_TRUE(process.bound);
  Heap heap(process);
  std::vector<std::thread> threads;
  for (uint64_t t = 1; t <= kThreads; ++t)
    threads.emplace_back([&, t] { heap.Run(t << 32, steps); });
  for (std::thread& thread : threads) thread.join();
  const Books running = ReadBooks(process.image.view());
  EXPECT_EQ(running.Expected().samples, running.live.samples);
  EXPECT_NEAR(running.Expected().objects, running.live.objects, 1e-9 * running.births.objects);
  EXPECT_NEAR(running.Expected().bytes, running.live.bytes, 1e-9 * running.births.bytes);
  EXPECT_GT(running.live.samples, 0);
  heap.FreeAll();
  const Books done = ReadBooks(process.image.view());
  EXPECT_EQ(done.live.samples, 0);
  EXPECT_EQ(done.busy_slots, 0u);
  EXPECT_EQ(OwnSums(process.image).counters.live, 0u);
  EXPECT_NEAR(done.Expected().bytes, 0.0, 1e-9 * done.births.bytes);
  EXPECT_EQ(process.image.loss(capture::kStaleBlocks), 0u) << "a free was missed";
  EXPECT_EQ(process.image.loss(capture::kLostAllocations), 0u);
}

TEST(RecordStressTest, TheBooksBalanceWhileTheTableIsThinned) {
  Process process({.live_limit = 1'024});
  Stress(process, 60'000);
  EXPECT_GT(process.image.header().thinned_total.load(), 100u);
  for (uint64_t block = 0; block < kBlocks; ++block)
    ASSERT_FALSE(process.filter->MayBeTracked(Heap::At(block)));
}

TEST(RecordStressTest, TheBooksBalanceInExactModeWhileTheTableGrows) {
  Process process({.live_limit = 256, .exact_block_limit = 10'000}, {.interval = 1});
  Stress(process, 60'000);
}

TEST(RecordStressTest, TheBooksBalanceAcrossTheEndOfExactMode) {
  Process process({.live_limit = 1'024, .exact_block_limit = 1'200}, {.interval = 1});
  Stress(process, 60'000);
  EXPECT_GT(process.image.header().exact_limit_hit_ms.load(), 0u);
}

}  // namespace
}  // namespace leaktrack::track
