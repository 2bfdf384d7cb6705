// SPDX-License-Identifier: Apache-2.0
//
// What the samples say about the heap is true, within the error that they state. Seeds are fixed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kHeap = 0x7f00'0000'0000;

struct Estimate {
  double bytes = 0, variance = 0;
  uint64_t samples = 0;
};

Estimate EstimateLive(Process& process, capture::SiteId site = 0) {
  Estimate estimate;
  process.tracker->live().VisitBuckets(0, ~uint64_t{0}, [&](const LiveTable::Slot& slot) {
    if (site != 0 && slot.cold->site.load() != site) return;
    const uint64_t interval =
        process.tracker->control().BytesOf(static_cast<uint8_t>(slot.size_interval));
    const Weight weight = WeightOf(slot.size_interval >> 8, interval);
    estimate.bytes += weight.bytes;
    estimate.variance += weight.variance;
    ++estimate.samples;
  });
  return estimate;
}

// A process that starts with a burst (the rate limit raises T, then lowers it), fills its heap
// beyond the capacity of the table (thinning raises T), and frees a third of it. Returns the true
// live bytes.
double Replay(Process& process, std::mt19937_64& random) {
  std::vector<uint64_t> sizes;
  const capture::SiteId site = process.Site(1);
  double live = 0;
  for (uint64_t i = 0; i < 6'000; ++i) {
    const uint64_t now_ms = i < 1'500 ? i / 10 : 1'000 + 20 * i;
    const auto size = static_cast<uint64_t>(
        std::exp2(5.0 + 11.0 * static_cast<double>(random() % 4'096) / 4'096));
    (void)process.Malloc(kHeap + 64 * i, size, site, now_ms);
    sizes.push_back(size);
    live += static_cast<double>(size);
    if (i % 3 != 0) continue;
    const uint64_t victim = random() % sizes.size();
    if (sizes[victim] == 0) continue;
    (void)process.Free(kHeap + 64 * victim, now_ms);
    live -= static_cast<double>(sizes[victim]);
    sizes[victim] = 0;
  }
  return live;
}

TEST(StatisticsTest, LiveBytesAreUnbiasedAndTheirIntervalCoversAsOftenAsItSays) {
  constexpr int kReplays = 2'000;
  const ImageOptions options{.live_limit = 1'500,
                             .depot_bytes = 64 * 1024,
                             .cell_bytes = 64 * 1024,
                             .thread_blocks = 1,
                             .map_entries = 8,
                             .module_entries = 8};
  std::mt19937_64 random(20'240'601);
  double error = 0, covered = 0;
  uint64_t thinned = 0, rate_moved = 0;
  for (int i = 0; i < kReplays; ++i) {
    Process process(options, {.seed = random()});
    const double truth = Replay(process, random);
    const Estimate estimate = EstimateLive(process);
    ASSERT_GE(estimate.samples, 500u);
    error += (estimate.bytes - truth) / truth;
    covered += std::fabs(estimate.bytes - truth) <= 1.645 * std::sqrt(estimate.variance);
    thinned += process.image.header().thinned_total.load() > 0;
    rate_moved +=
        process.image.header().interval_bytes_max.load() > process.tracker->interval_bytes();
  }
  EXPECT_NEAR(error / kReplays, 0.0, 0.01);
  EXPECT_NEAR(covered / kReplays, 0.90, 0.02);  // 3 sigma of 2,000 replays
  EXPECT_GT(thinned, static_cast<uint64_t>(kReplays) / 3)
      << "the table must have been thinned in many";
  EXPECT_GT(rate_moved, static_cast<uint64_t>(kReplays) / 10)
      << "T must have come down again in some";
  RecordProperty("mean_error_percent", std::to_string(100 * error / kReplays));
  RecordProperty("coverage_percent", std::to_string(100 * covered / kReplays));
}

struct Leaked {
  double bytes = 0, expected_samples = 0, variance = 0;
};

// Two hours with 20 MB/s of blocks that live one second each, and a leak of 20 MB/h.
Leaked ChurnAndLeak(Process& process, uint64_t from_ms, uintptr_t churn, uintptr_t leak,
                    capture::SiteId leak_site) {
  constexpr uint64_t kSeconds = 2 * 3'600, kLeakBlock = 5'825, kChurnBlock = 64 * 1024;
  const capture::SiteId churn_site = process.Site(3);
  Leaked leaked;
  for (uint64_t s = 0; s < kSeconds; ++s) {
    const uint64_t now_ms = from_ms + 1'000 * s;
    for (uint64_t i = 0; i < 320; ++i) {
      (void)process.Free(churn + i * kChurnBlock, now_ms);
      (void)process.Malloc(churn + i * kChurnBlock, kChurnBlock, churn_site, now_ms + 3 * i);
    }
    const double p = SampleProbability(kLeakBlock, process.tracker->interval_bytes());
    (void)process.Malloc(leak + s * 8'192, kLeakBlock, leak_site, now_ms);
    leaked.bytes += kLeakBlock;
    leaked.expected_samples += p;
    leaked.variance += p * (1 - p);
  }
  return leaked;
}

// Loads 4 GB in `load_ms`, then leaks. Returns the interval at the end.
uint64_t LoadThenLeak(uint64_t load_ms) {
  Process process;
  const capture::SiteId data = process.Site(1), leak = process.Site(2);
  constexpr uint64_t kLoads = 1'000'000;
  for (uint64_t i = 0; i < kLoads; ++i)
    (void)process.Malloc(kHeap + 4'096 * i, 4'096, data, load_ms * i / kLoads);
  const Estimate loaded = EstimateLive(process, data);
  EXPECT_NEAR(loaded.bytes, 4'096.0 * kLoads, 4 * std::sqrt(loaded.variance));
  EXPECT_GE(process.tracker->interval_bytes(), 256u * 1024);

  const Leaked leaked = ChurnAndLeak(process, load_ms, kHeap + (uint64_t{1} << 40),
                                     kHeap + (uint64_t{1} << 41), leak);
  const Estimate estimate = EstimateLive(process, leak);
  EXPECT_NEAR(static_cast<double>(estimate.samples), leaked.expected_samples,
              4 * std::sqrt(leaked.variance));
  EXPECT_GT(estimate.samples, 100u);
  EXPECT_NEAR(estimate.bytes, leaked.bytes, 4 * std::sqrt(estimate.variance));
  EXPECT_EQ(process.image.loss(capture::kLostAllocations), 0u);
  ::testing::Test::RecordProperty("leak_samples", std::to_string(estimate.samples));
  return process.tracker->interval_bytes();
}

TEST(StatisticsTest, AFastStartUpDoesNotBlindItForALaterLeak) {
  // 1 GB/s: the rate limit keeps the samples of the data few, so the table has room and T falls
  // back to the finest.
  EXPECT_EQ(LoadThenLeak(4'000), kBaseInterval);
}

TEST(StatisticsTest, ASlowStartUpDoesNotBlindItForALaterLeak) {
  // 10 MB/s: the table fills. 4 GB at 24,576 samples: 256 KiB is the finest power of two that fits.
  EXPECT_EQ(LoadThenLeak(400'000), 256u * 1024);
}

}  // namespace
}  // namespace leaktrack::track
