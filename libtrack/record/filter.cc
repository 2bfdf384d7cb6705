// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/filter.h"

namespace leaktrack::track {

void Filter::Raise(const void* block) {
  std::atomic<uint8_t>& counter = counters_[IndexOf(block)];
  uint8_t seen = counter.load(std::memory_order_relaxed);
  while (seen != kSticky &&
         !counter.compare_exchange_weak(seen, static_cast<uint8_t>(seen + 1), std::memory_order_relaxed)) {
  }
}

void Filter::Lower(const void* block) {
  std::atomic<uint8_t>& counter = counters_[IndexOf(block)];
  uint8_t seen = counter.load(std::memory_order_relaxed);
  // Zero stays zero: in a fork child the counter may have been wiped since it was raised.
  while (seen != kSticky && seen != 0 &&
         !counter.compare_exchange_weak(seen, static_cast<uint8_t>(seen - 1), std::memory_order_relaxed)) {
  }
}

void Filter::RaiseAllForGood() {
  for (std::atomic<uint8_t>& counter : counters_) counter.store(kSticky, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
