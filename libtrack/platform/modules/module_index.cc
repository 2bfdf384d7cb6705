// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/modules/module_index.h"

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

uint32_t ModuleIndex::Find(uintptr_t address) const {
  const uint32_t count = this->count();
  for (uint32_t number = 1; number <= count; ++number) {
    if (address >= ends_[number].load(std::memory_order_acquire)) continue;
    if (address >= starts_[number].load(std::memory_order_relaxed)) return number;
  }
  return 0;
}

void ModuleIndex::Publish(uint32_t number, const LoadedElf& image, const Identity& identity) {
  LEAKTRACK_DCHECK(number == count() + 1 && number < kMaxModules);
  facts_[number] = {.identity = identity, .end = image.end, .bias = image.bias, .cfi = image.cfi};
  starts_[number].store(image.start, std::memory_order_relaxed);
  SetLoaded(number, true);
  count_.store(number, std::memory_order_release);
}

void ModuleIndex::Clear() {
  const uint32_t count = this->count();
  count_.store(0, std::memory_order_release);
  for (uint32_t number = 1; number <= count; ++number)
    ends_[number].store(0, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
