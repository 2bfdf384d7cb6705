// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/filter.h"

namespace leaktrack::track {

void Filter::StepFrom(std::atomic<uint8_t>& counter, uint8_t seen, int by) {
  // Zero is not lowered: in a fork child the counter may have been wiped since it was raised.
  while (seen != kSticky && (by > 0 || seen != 0) &&
         !counter.compare_exchange_weak(seen, static_cast<uint8_t>(seen + by),
                                        std::memory_order_relaxed)) {
  }
}

void Filter::RaiseAllForGood() {
  for (std::atomic<uint8_t>& counter : counters_) counter.store(kSticky, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
