// SPDX-License-Identifier: Apache-2.0
//
// The cost of recording once a stack is known: nanoseconds per call, one thread, warm caches.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kHeap = 0x7f00'0000'0000;

// malloc and free of one recorded block, without the stack walk.
void LifeOfABlock(benchmark::State& bench, uint64_t interval, uint64_t size) {
  Process process({.exact_block_limit = interval == 1 ? 1'000'000u : 0u}, {.interval = interval});
  const capture::SiteId site = process.Site(1);
  process.tracker->AdoptThread(process.hot, *process.state, 1);
  const auto held = static_cast<uint64_t>(bench.range(0));
  for (uint64_t i = 0; i < held; ++i) (void)process.Malloc(kHeap + 64 * i, size, site, 1);
  uint64_t next = held, now_ms = 1;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(
        process.Malloc(kHeap + 64 * (held + next % 1'024), size, site, now_ms));
    benchmark::DoNotOptimize(process.Free(kHeap + 64 * (held + next % 1'024), now_ms + 3));
    ++next;
  }
}
// 39 T: always sampled. Such a large death is kept one by one, so a push into the (full) ring is
// included.
void SampledBlock(benchmark::State& bench) { LifeOfABlock(bench, 4'096, 39 * 4'096); }
void ExactBlock(benchmark::State& bench) { LifeOfABlock(bench, 1, 100); }
BENCHMARK(SampledBlock)->Arg(0)->Arg(20'000);
BENCHMARK(ExactBlock)->Arg(0)->Arg(20'000)->Arg(500'000);

void UnsampledMalloc(benchmark::State& bench) {
  Process process({}, {.interval = uint64_t{1} << 40});
  (void)process.Malloc(kHeap, 1, 1, 0);
  for (auto _ : bench) benchmark::DoNotOptimize(process.Malloc(kHeap, 64, 1, 0));
}
BENCHMARK(UnsampledMalloc);

void FilterCheck(benchmark::State& bench) {
  auto filter = std::make_unique<Filter>();
  uintptr_t block = kHeap;
  for (auto _ : bench) benchmark::DoNotOptimize(filter->MayBeTracked(Process::Ptr(block += 1'040)));
}
BENCHMARK(FilterCheck);

void TableMiss(benchmark::State& bench) {
  Process process;
  LiveTable& table = process.tracker->live();
  for (uintptr_t i = 0; i < static_cast<uint64_t>(bench.range(0)); ++i)
    (void)table.Insert(kHeap + 1'040 * i, {});
  uintptr_t block = kHeap + 8;
  LiveEntry entry;
  for (auto _ : bench) benchmark::DoNotOptimize(table.Take(block += 1'040, &entry));
}
BENCHMARK(TableMiss)->Arg(1'000)->Arg(24'000);

void KeptRingPush(benchmark::State& bench) {
  auto ring = std::make_unique<capture::ThreadBlock>();
  for (auto _ : bench) {
    benchmark::DoNotOptimize(PushKeptDeath(*ring, {.size = 4'096}, 1));
    // As if it had been drained.
    ring->consumed.store(ring->written.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
}
BENCHMARK(KeptRingPush);

void CellAdd(benchmark::State& bench) {
  Process process;
  const Weight weight = WeightOf(100, 16'384);
  for (auto _ : bench) Cells::Add(*process.tracker->cells().Find(8, 0), weight);
}
BENCHMARK(CellAdd);

void InternKnownStack(benchmark::State& bench) {
  Process process;
  std::array<capture::Frame, 26> frames{};
  uint64_t n = 0;
  for (auto _ : bench) {
    frames[3] = n++ % 500;
    benchmark::DoNotOptimize(process.tracker->Intern({capture::SiteKind::kHeap, frames, false}));
  }
}
BENCHMARK(InternKnownStack);

void WeightOfASample(benchmark::State& bench) {
  uint64_t size = 1;
  for (auto _ : bench) benchmark::DoNotOptimize(WeightOf(size = size % 60'000 + 16, 16'384));
}
BENCHMARK(WeightOfASample);

}  // namespace
}  // namespace leaktrack::track
