// SPDX-License-Identifier: Apache-2.0
#include "tools/base/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace leaktrack {
namespace {

class ParallelForTest : public ::testing::TestWithParam<size_t> {};

TEST_P(ParallelForTest, DoesEachStepOnce) {
  for (const size_t count :
       {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{10'000}}) {
    std::vector<int> done(count);
    ParallelFor(
        count, [&](size_t i) { ++done[i]; }, GetParam());
    EXPECT_EQ(done, std::vector<int>(count, 1)) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ParallelForTest, ::testing::Values(0, 1, 2, 3, 16));

TEST(ParallelForTest, UsesSeveralThreads) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<bool> both = false;
  // Each step waits for a second thread, so one thread cannot do all steps.
  ParallelFor(
      64,
      [&](size_t) {
        {
          const std::lock_guard lock(mutex);
          seen.insert(std::this_thread::get_id());
          both = both || seen.size() > 1;
        }
        both.wait(false);
        both.notify_all();
      },
      2);
  EXPECT_EQ(seen.size(), 2u);
}

[[noreturn]] void WorkWithoutThreads() {
  std::vector<int> done(1000);
  const rlimit none{1 << 20, 1 << 20};  // no address space for another stack
  setrlimit(RLIMIT_AS, &none);
  ParallelFor(
      done.size(), [&](size_t i) { done[i] = 1; }, 1000);
  _exit(std::accumulate(done.begin(), done.end(), 0) == 1000 ? 0 : 1);
}

TEST(ParallelForTest, DoesItAloneWhereThereAreNoThreads) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer itself ends without address space";
#endif
  EXPECT_EXIT(WorkWithoutThreads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace leaktrack
