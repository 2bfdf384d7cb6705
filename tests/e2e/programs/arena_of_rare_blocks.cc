// SPDX-License-Identifier: Apache-2.0
// Fifteen seconds of a parser with a monotonic arena that lives as long as its connection, and the
// connection never closes. The arena takes blocks that grow by half each time: the heap sees ever
// rarer, ever larger ones, too few to judge, while resident memory grows steadily.
// RUN:
// EXPECT: conclusion grows
// EXPECT: measured resident 25 to 60 MiB/min
// EXPECT: holder Parse
// EXPECT: no accusation
#include <time.h>

#include <cstddef>
#include <cstring>
#include <memory_resource>

#include "program.h"

namespace {

constexpr int kTicks = 300;  // of 50 ms
constexpr size_t kPerTick = 34 << 10;

struct Connection {
  std::pmr::monotonic_buffer_resource arena{4096};
  NOINLINE void Parse() {
    for (size_t done = 0; done < kPerTick; done += 340) {
      void* header = arena.allocate(340);
      memset(header, 1, 340);
      Escape(header);
    }
  }
};

}  // namespace

int main() {
  Connection admin;
  timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    admin.Parse();
    Connection short_lived;
    short_lived.Parse();
    next.tv_nsec += 50'000'000;
    if (next.tv_nsec >= 1'000'000'000) ++next.tv_sec, next.tv_nsec -= 1'000'000'000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
  _exit(0);
}
