// SPDX-License-Identifier: Apache-2.0
//
// Growth that no kind of block shows: 2 MiB every 20 ms, in one block that is made anew each time,
// in a mapping, or in nothing (still).
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <string_view>

namespace {

constexpr size_t kStepBytes = 2 << 20;
constexpr int kSteps = 2000;

void* g_block = nullptr;

void GrowBlock(size_t bytes) {
  g_block = realloc(g_block, bytes);
  memset(static_cast<char*>(g_block) + bytes - kStepBytes, 1, kStepBytes);
}

void Map() {
  void* const at =
      mmap(nullptr, kStepBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(at, 1, kStepBytes);
}

}  // namespace

int main(int count, char** names) {
  const std::string_view how = count > 1 ? names[1] : "";
  GrowBlock(kStepBytes);
  std::puts("ready");
  std::fflush(stdout);
  for (size_t step = 2; step < kSteps; ++step) {
    if (how == "block") GrowBlock(step * kStepBytes);
    if (how == "mapping") Map();
    usleep(20'000);
  }
}
