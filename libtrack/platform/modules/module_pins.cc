// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/modules/module_pins.h"

#include <atomic>
#include <cstdint>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constexpr int kMaxYields = 2000;

constinit std::atomic<uint32_t> g_pins{0};
constinit std::atomic<uint32_t> g_windows{0};

void DecrementUnlessZero(std::atomic<uint32_t>& counter) {
  uint32_t value = counter.load(std::memory_order_relaxed);
  while (value != 0 &&
         !counter.compare_exchange_weak(value, value - 1, std::memory_order_seq_cst)) {
  }
}

}  // namespace

// Both sides are sequentially consistent: either the reader sees the window, or the unloader sees
// the pin.
ModulePin::ModulePin() {
  g_pins.fetch_add(1, std::memory_order_seq_cst);
  held_ = g_windows.load(std::memory_order_seq_cst) == 0;
  if (!held_) DecrementUnlessZero(g_pins);
}

ModulePin::~ModulePin() {
  if (held_) DecrementUnlessZero(g_pins);
}

bool UnloadWindowOpen() { return g_windows.load(std::memory_order_acquire) != 0; }

void OpenUnloadWindow() {
  g_windows.fetch_add(1, std::memory_order_seq_cst);
  for (int i = 0; i < kMaxYields && g_pins.load(std::memory_order_seq_cst) != 0; ++i)
    raw::Call(SYS_sched_yield);
}

void CloseUnloadWindow() { DecrementUnlessZero(g_windows); }

void ResetPins() {
  g_pins.store(0, std::memory_order_relaxed);
  g_windows.store(0, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
