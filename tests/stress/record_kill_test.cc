// SPDX-License-Identifier: Apache-2.0
//
// A process killed at any instruction leaves an image that any reader can trust: at most one call
// per thread is half done. The seed is fixed. The moment of the kill is not; a failure prints it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

constexpr int kThreads = 2;
constexpr uint64_t kLargest = 60'000;
constexpr uint64_t kBlocks = 1'000;

// Each thread has blocks of its own. Sites, table and thinning are shared; cells are too, except in
// exact mode.
[[noreturn]] void Hammer(Process& process) {
  auto work = [&process](uint64_t t) {
    auto* const state = new ThreadState{};
    HotThread hot{};
    process.tracker->AdoptThread(hot, *state, static_cast<uint32_t>(t));
    std::vector<bool> live(kBlocks);
    for (uint64_t i = 0;; ++i) {
      const uint64_t random = SplitMix64(t << 40 | i), block = random % kBlocks,
                     size = 1 + (random >> 20) % kLargest;
      void* const at = reinterpret_cast<void*>(0x7f00'0000'0000 + (t << 32) + 64 * block);
      if (live[block]) {
        SettleBlock(*process.tracker, state, process.tracker->Take(at), i / 10);
      } else {
        NamedGuard guard(hot);
        const std::array<capture::Frame, 2> frames = {1 + (random >> 50), 7};
        const auto site = [&] {
          return process.tracker->Intern({capture::SiteKind::kHeap, frames, false});
        };
        RecordBlock(*process.tracker, guard.ticket(), hot, *state, at, size, site, i / 10);
      }
      live[block] = !live[block];
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t t = 1; t < kThreads; ++t) threads.emplace_back(work, t);
  work(kThreads);
  _exit(1);
}

void ExpectReadable(Process& process) {
  const ImageView& image = process.image.view();
  mprotect(process.image.base(), process.image.plan().image_bytes, PROT_READ | PROT_WRITE);
  // The arena can be walked from end to end; at most one record per thread is not ready.
  const char* const arena = image.region<char>(capture::kRegionDepotArena);
  int unready = 0;
  for (uint64_t at = 0; at < image.header().depot_used_bytes.load();) {
    const auto* const record = reinterpret_cast<const capture::StackRecord*>(arena + at);
    ASSERT_GE(record->record_bytes.load(), sizeof(capture::StackRecord)) << "gap at " << at;
    unready += record->ready.load() == 0;
    at += record->record_bytes.load();
  }
  EXPECT_LE(unready, kThreads);

  const Books books = ReadBooks(image);
  const Books::Sum expected = books.Expected();
  const double one_call =
      2 * kThreads * WeightOf(kLargest, image.header().interval_bytes_max.load()).bytes;
  EXPECT_LE(books.busy_slots, static_cast<uint64_t>(kThreads));
  EXPECT_NEAR(expected.samples, books.live.samples, kThreads);
  EXPECT_NEAR(expected.bytes, books.live.bytes, one_call + 1e-9 * books.births.bytes);
  EXPECT_GE(books.births.samples, books.deaths.samples - kThreads);

  // Every entry names an existing stack.
  LiveTable table{};
  table.Bind(image, false);
  table.VisitBuckets(0, ~uint64_t{0}, [&](const LiveTable::Slot& slot) {
    const uint64_t site = slot.cold->site.load();
    ASSERT_NE(site, 0u);
    ASSERT_LT(site * 8, image.header().depot_used_bytes.load());
    EXPECT_EQ(reinterpret_cast<const capture::StackRecord*>(arena + site * 8)->ready.load(), 1);
  });
}

// A machine may take longer to start a child than the child is left to live. Waits until the child
// has recorded a first block, at most ten seconds.
void AwaitFirstBlock(const ImageView& image, uint64_t depot_bytes_before) {
  const std::atomic<uint64_t>& used = image.header().depot_used_bytes;
  for (int ms = 0; ms < 10'000 && used.load() == depot_bytes_before; ++ms) usleep(1'000);
}

void KillAnywhere(const ImageOptions& image_options, const TrackerOptions& options) {
  std::mt19937 random(3);
  double births = 0;
  for (int round = 0; round < 60; ++round) {
    Process process(image_options, options);
    const ImageView& image = process.image.view();
    const uint64_t depot_bytes_before = image.header().depot_used_bytes.load();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) Hammer(process);
    if (round % 8 != 0) AwaitFirstBlock(image, depot_bytes_before);
    const unsigned wait_us = 500 + random() % 15'000;
    usleep(wait_us);
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ExpectReadable(process);
    ASSERT_FALSE(::testing::Test::HasFailure())
        << "round " << round << ", killed after " << wait_us << " us";
    births += ReadBooks(image).births.samples;
  }
  EXPECT_GT(births, 300) << "the children did nothing worth killing";
}

TEST(RecordKillTest, AProcessKilledAnywhereLeavesATrustworthyImage) {
  KillAnywhere({.live_limit = 512}, {});
}

TEST(RecordKillTest, SoDoesOneInExactMode) {
  KillAnywhere({.live_limit = 512, .exact_block_limit = 100'000}, {.interval = 1, .seed = 1});
}

}  // namespace
}  // namespace leaktrack::track
