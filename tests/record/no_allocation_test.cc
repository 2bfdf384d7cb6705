// SPDX-License-Identifier: Apache-2.0
//
// Nothing in record/ may call malloc, because it runs inside malloc. This program's malloc counts.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/record/notes.h"
#include "tests/record/test_image.h"

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
}

namespace {
std::atomic<int> allocations{0};
}

extern "C" void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
extern "C" void* calloc(size_t n, size_t size) {
  ++allocations;
  return __libc_calloc(n, size);
}
extern "C" void* realloc(void* block, size_t size) {
  ++allocations;
  return __libc_realloc(block, size);
}

namespace leaktrack::track {
namespace {

constexpr uintptr_t kHeap = 0x7f00'0000'0000;

// Everything that a thread does in its life, including growth, thinning, exhaustion, mappings,
// chains and its end.
void LiveOneLife(Process& process, uint64_t now_ms) {
  process.tracker->AdoptThread(process.hot, *process.state, 1);
  for (uint64_t i = 0; i < 20'000; ++i)
    (void)process.Malloc(kHeap + 64 * i, 8'000, process.Site(i % 700), now_ms);
  for (uint64_t i = 0; i < 20'000; i += 2) {
    Removed removed = process.tracker->Take(Process::Ptr(kHeap + 64 * i));
    if (i % 4 == 0) process.tracker->PutBack(Process::Ptr(kHeap + 64 * i), removed);
    (void)process.tracker->Continue(removed);
    if (i % 4 != 0) process.tracker->SettleDeath(process.state.get(), removed, now_ms + 40'000);
  }
  {
    const NamedGuard guard(process.hot);
    for (uint64_t i = 1; i < 100; i += 2) {
      process.tracker->MakeImmortal(guard.ticket(), *process.state, Process::Ptr(kHeap + 64 * i),
                                    now_ms);
    }
  }
  process.tracker->SettleAll(
      process.state.get(), now_ms,
      [](const void*, uintptr_t block, const capture::StackRecord&) {
        return block < kHeap + 64 * 50;
      },
      nullptr);
  for (int i = 0; i < 200; ++i) {
    const NoteHandle phase =
        BeginNote(process.image.header(), capture::NoteKind::kPhase, "phase", 0, now_ms);
    if (i % 2 == 0) EndNote(process.image.header(), phase, now_ms);
  }
  process.tracker->maps().Add(kHeap, 1 << 20, process.Site(1), now_ms);
  DetachedMappings detached;
  process.tracker->maps().Detach(kHeap, 1 << 19, now_ms, &detached);
  process.tracker->maps().Reattach(detached, now_ms);
  process.tracker->maps().Settle(detached, now_ms);
  process.tracker->maps().Remove(kHeap, 1 << 24, now_ms);
  process.tracker->maps().Reserve(kHeap, 1 << 20, now_ms);
  process.tracker->maps().Open(kHeap, 1 << 19, process.Site(1), now_ms);
  process.tracker->maps().Attach(kHeap, 1 << 19, process.Site(1), now_ms);
  process.tracker->maps().DetachFrom(kHeap, now_ms, &detached);
  process.tracker->ReleaseThread(process.hot, *process.state);
}

TEST(NoAllocationTest, NothingInTheRecorderAllocates) {
  Process sampling({.live_limit = 1'024}),
      exact({.live_limit = 1'024, .exact_block_limit = 15'000}, {.interval = 1});
  Process poor({.live_limit = 64,
                .depot_bytes = 4'096,
                .cell_bytes = 4'096,
                .thread_blocks = 1,
                .map_entries = 1});
  ASSERT_TRUE(sampling.bound && exact.bound && poor.bound);
  ThreadStatePool pool{};
  alignas(64) static char slab[2 * sizeof(ThreadState)];
  const int before = allocations.load();
  LiveOneLife(sampling, 10);
  LiveOneLife(exact, 10);
  LiveOneLife(poor, 10);
  pool.AddSlab(slab, sizeof(slab));
  pool.Release(pool.Acquire());
  TrackerOptions again = sampling.image.options(sampling.filter.get());
  const bool bound = sampling.tracker->Bind(again);
  EXPECT_EQ(allocations.load(), before);
  EXPECT_TRUE(bound);
  EXPECT_GT(poor.image.loss(capture::kLostUnwind), 0u) << "exhaustion was not reached";
}

}  // namespace
}  // namespace leaktrack::track
