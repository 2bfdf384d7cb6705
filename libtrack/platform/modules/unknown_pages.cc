// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/modules/unknown_pages.h"

namespace leaktrack::track {
namespace {

// 35 bits of page number, 16 of epoch, 12 of time in units of 16 seconds, and one bit that is
// always set. 0 is an empty entry.
uint64_t Word(uintptr_t address, uint32_t epoch, uint64_t now_ms) {
  const uint64_t page = (address >> 12) & 0x7'ffff'ffffULL;
  return page << 29 | uint64_t{epoch & 0xffff} << 13 | ((now_ms >> 14) & 0xfff) << 1 | 1;
}

size_t Place(uintptr_t address) { return ((address >> 12) * 0x9e37'79b9'7f4a'7c15ULL) >> 54; }

}  // namespace

bool UnknownPages::Contains(uintptr_t address, uint32_t epoch, uint64_t now_ms) const {
  return entries_[Place(address)].load(std::memory_order_relaxed) == Word(address, epoch, now_ms);
}

void UnknownPages::Remember(uintptr_t address, uint32_t epoch, uint64_t now_ms) {
  entries_[Place(address)].store(Word(address, epoch, now_ms), std::memory_order_relaxed);
}

}  // namespace leaktrack::track
