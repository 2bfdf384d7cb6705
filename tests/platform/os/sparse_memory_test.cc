// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/sparse_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/support/own_process.h"

namespace leaktrack::track {
namespace {

using leaktrack::testing::FromStatus;
using leaktrack::testing::InChild;

constexpr uint64_t kKiB = 1024, kGiB = uint64_t{1} << 30;

TEST(SparseMemoryTest, ATableOfGigabytesCostsTheAddressSpaceOfWhatIsUsed) {
  const uint64_t before = FromStatus("VmSize:");
  char* const place = PlaceSparse(64 * kGiB, 64 * kKiB, {});
  ASSERT_NE(place, nullptr);
  ASSERT_TRUE(MapPiece(place + 32 * kGiB, 64 * kKiB, {}));
  ASSERT_TRUE(ExtendPiece(place + 32 * kGiB + 64 * kKiB, 128 * kKiB));
  std::memset(place + 32 * kGiB, 1, 192 * kKiB);
  EXPECT_LE(FromStatus("VmSize:"), before + 512 * kKiB);
  munmap(place, 64 * kKiB);
  munmap(place + 32 * kGiB, 192 * kKiB);
}

TEST(SparseMemoryTest, AMappingOfSomebodyElseIsNeitherReplacedNorTakenForOurs) {
  char* const place = PlaceSparse(kGiB, 64 * kKiB, {});
  ASSERT_NE(place, nullptr);
  char* const in_the_way = place + 128 * kKiB;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  ASSERT_EQ(mmap(in_the_way, 64 * kKiB, PROT_READ | PROT_WRITE, kFlags, -1, 0), in_the_way);
  in_the_way[0] = 'x';
  EXPECT_FALSE(MapPiece(in_the_way, 4 * kKiB, {}));
  EXPECT_FALSE(ExtendPiece(place + 64 * kKiB, 128 * kKiB));
  EXPECT_TRUE(ExtendPiece(place + 64 * kKiB, 64 * kKiB)) << "up to it";
  EXPECT_FALSE(ExtendPiece(place + 128 * kKiB, 64 * kKiB)) << "ours and theirs lie side by side";
  EXPECT_EQ(in_the_way[0], 'x');
  munmap(place, 192 * kKiB);
}

TEST(SparseMemoryTest, ThreadsThatGrowOnePieceAtOnceAllSucceed) {
  for (int round = 0; round < 50; ++round) {
    char* const place = PlaceSparse(kGiB, 64 * kKiB, {});
    ASSERT_NE(place, nullptr);
    std::atomic<int> waiting{4}, failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (--waiting; waiting != 0;) {
        }
        for (uint64_t at = 64 * kKiB; at < 320 * kKiB; at += 64 * kKiB) {
          if (ExtendPiece(place + at, 64 * kKiB))
            place[at] = 1;
          else
            ++failed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // A thread that comes late finds a piece that reaches beyond what it asks for.
    EXPECT_EQ(failed, 0);
    munmap(place, 320 * kKiB);
  }
}

TEST(SparseMemoryTest, WhatTheProgramLocksIsNoReasonToFillOurs) {
  const auto body = [] {
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return 77;
    const uint64_t locked = FromStatus("VmLck:"), resident = FromStatus("VmRSS:");
    char* const place = PlaceSparse(kGiB, 16 << 20, {});
    if (place == nullptr || !ExtendPiece(place + (16 << 20), 16 << 20) ||
        MapPrivate(16 << 20) == nullptr)
      return 1;
    std::memset(place + (16 << 20), 1, kPageBytes);
    if (FromStatus("VmLck:") > locked + (1 << 20)) return 2;
    return FromStatus("VmRSS:") > resident + (1 << 20) ? 3 : 0;
  };
  const int status = InChild(body);
  if (status == 77) GTEST_SKIP() << "may not lock memory here";
  EXPECT_EQ(status, 0);
}

TEST(SparseMemoryTest, ALimitIsARefusal) {
  const auto body = [] {
    char* const place = PlaceSparse(kGiB, 64 * kKiB, {});
    if (place == nullptr) return 1;
    const uint64_t bytes = FromStatus("VmSize:") + (1 << 20);
    rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_AS, &limit);
    if (ExtendPiece(place + 64 * kKiB, 8 << 20)) return 2;
    if (!ExtendPiece(place + 64 * kKiB, 64 * kKiB)) return 3;
    place[100 * kKiB] = 1;
    return 0;
  };
  EXPECT_EQ(InChild(body), 0);
}

TEST(SparseMemoryTest, PrivateMemoryLiesWhereToolsKnowItToBeOurs) {
  char* const memory = static_cast<char*>(MapPrivate(5000));
  ASSERT_NE(memory, nullptr);
  EXPECT_TRUE(capture::MayBeOwnMemory(reinterpret_cast<uintptr_t>(memory)));
  memory[4999] = 1;
  munmap(memory, 8192);
}

}  // namespace
}  // namespace leaktrack::track
