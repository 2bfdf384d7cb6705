// SPDX-License-Identifier: Apache-2.0
// A parser with a monotonic arena that lives as long as its connection, and one connection that
// never closes. The arena takes blocks that grow by half each time: the heap sees ever rarer, ever
// larger ones. Other connections come and go.
// RUN:
// EXPECT: first Parse
// EXPECT: trend container Parse
// EXPECT: grows only Parse
#include <time.h>

#include <cstddef>
#include <memory_resource>
#include <string>
#include <unordered_map>

#include "program.h"

namespace {

constexpr int kTicks = 280;

struct Connection {
  std::pmr::monotonic_buffer_resource arena{4096};
  std::pmr::unordered_map<int, std::pmr::string> headers{&arena};
  NOINLINE void Parse(int number) {
    headers[number % 64] = std::pmr::string(200 + static_cast<size_t>(number) % 100, 'h', &arena);
  }
};

}  // namespace

int main() {
  Connection admin;
  timespec next{};
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    for (int k = 0; k < 150; ++k) admin.Parse(tick * 150 + k);
    Connection short_lived;
    for (int k = 0; k < 30; ++k) short_lived.Parse(k);
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
  _exit(0);
}
