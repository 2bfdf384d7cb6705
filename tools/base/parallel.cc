// SPDX-License-Identifier: Apache-2.0
#include "tools/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace leaktrack {
namespace {

constexpr size_t kMostThreads = 16;
// Steps taken together: they are neighbours in memory, and share one atomic operation.
constexpr size_t kAtOnce = 16;

}  // namespace

size_t UsableCores() {
  cpu_set_t usable;
  // This fails with more than 1,024 cores: not worth more code.
  if (sched_getaffinity(0, sizeof(usable), &usable) != 0) return 1;
  return std::clamp<size_t>(static_cast<size_t>(CPU_COUNT(&usable)), 1, kMostThreads);
}

void ParallelFor(size_t count, absl::FunctionRef<void(size_t)> work, size_t threads) {
  std::atomic<size_t> next = 0;
  const auto loop = [&] {
    for (size_t begin; (begin = next.fetch_add(kAtOnce, std::memory_order_relaxed)) < count;) {
      for (size_t i = begin; i < std::min(begin + kAtOnce, count); ++i) work(i);
    }
  };
  std::vector<std::jthread> helpers;
  try {
    for (size_t i = 1; i < threads && i * kAtOnce < count; ++i) helpers.emplace_back(loop);
  } catch (const std::system_error&) {  // no more threads for us: the running ones do the rest
  }
  loop();
}

}  // namespace leaktrack
