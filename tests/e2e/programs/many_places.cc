// SPDX-License-Identifier: Apache-2.0
// Fifteen seconds in which each of 120 functions keeps a little: no place is worth a word, and
// resident memory grows by 40 MiB a minute.
// RUN:
// EXPECT: conclusion grows|suspect|leak
// EXPECT: measured resident 25 to 70 MiB/min
#include <time.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "program.h"

namespace {

constexpr int kTicks = 300;  // of 50 ms
constexpr size_t kPlaces = 120;

template <size_t kPlace>
NOINLINE void Keep() {
  constexpr size_t kBytes = 250 + kPlace;
  memset(Escape(malloc(kBytes)), static_cast<int>(kPlace), kBytes);
}

template <size_t... kPlace>
NOINLINE void KeepAll(std::index_sequence<kPlace...>) {
  (Keep<kPlace>(), ...);
}

}  // namespace

int main() {
  timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    KeepAll(std::make_index_sequence<kPlaces>());
    next.tv_nsec += 50'000'000;
    if (next.tv_nsec >= 1'000'000'000) ++next.tv_sec, next.tv_nsec -= 1'000'000'000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
  _exit(0);
}
