// SPDX-License-Identifier: Apache-2.0
// Each request gets a thread that waits for an answer that never comes, ten a second for fourteen
// seconds; each has a scratch buffer in the heap and a stack. The number of threads and who starts
// them are said, and their stacks are not called steady.
// RUN: --interval 1KiB
// EXPECT: threads grow
// EXPECT: threads grow by HandleRequest
// EXPECT: part stacks_and_rest grows
// EXPECT: part live_heap grows
#include <time.h>

#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "program.h"

namespace {

constexpr int kTicks = 140;
constexpr size_t kScratch = 48 << 10, kStack = 60 << 10;

std::mutex g_mutex;
std::condition_variable g_never;

NOINLINE void UseStack(char with) {
  char frame[kStack];
  memset(frame, with, sizeof frame);
  Escape(frame);
}

void WaitForAnswer(char id) {
  thread_local std::vector<char> scratch(kScratch, id);
  UseStack(id);
  std::unique_lock<std::mutex> lock(g_mutex);
  g_never.wait(lock, [&] { return scratch.empty(); });
}

NOINLINE void HandleRequest(int id) { std::thread(WaitForAnswer, static_cast<char>(id)).detach(); }

}  // namespace

int main() {
  timespec next{};
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    HandleRequest(tick);
    next.tv_nsec += 100000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
  _exit(0);
}
