// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/reserved_ranges.h"

#include <algorithm>

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

void ReservedRanges::BeginChange() {
  changes_.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
}

void ReservedRanges::EndChange() { changes_.fetch_add(1, std::memory_order_release); }

void ReservedRanges::Set(uint32_t i, uintptr_t low, uintptr_t high) {
  lows_[i].store(low, std::memory_order_relaxed);
  highs_[i].store(high, std::memory_order_relaxed);
}

uint32_t ReservedRanges::FirstEndingAfter(uintptr_t address) const {
  uint32_t first = 0, rest = count_.load(std::memory_order_relaxed);
  while (rest > 0) {
    const uint32_t half = rest / 2;
    if (High(first + half) <= address) {
      first += half + 1;
      rest -= half + 1;
    } else {
      rest = half;
    }
  }
  return first;
}

bool ReservedRanges::MayOverlap(uintptr_t low, uintptr_t high) const {
  const uint32_t before = changes_.load(std::memory_order_acquire);
  if (before % 2 != 0) return true;
  const uint32_t i = FirstEndingAfter(low);
  const bool overlaps = i < count_.load(std::memory_order_relaxed) && Low(i) < high;
  std::atomic_thread_fence(std::memory_order_acquire);
  return overlaps || changes_.load(std::memory_order_relaxed) != before;
}

bool ReservedRanges::Covers(uintptr_t low, uintptr_t high) const {
  const uint32_t i = FirstEndingAfter(low);
  return i < count_.load(std::memory_order_relaxed) && Low(i) <= low && High(i) >= high;
}

void ReservedRanges::InsertAt(uint32_t i, uintptr_t low, uintptr_t high) {
  const uint32_t count = count_.load(std::memory_order_relaxed);
  for (uint32_t to = count; to > i; --to) Set(to, Low(to - 1), High(to - 1));
  Set(i, low, high);
  count_.store(count + 1, std::memory_order_relaxed);
}

void ReservedRanges::Erase(uint32_t first, uint32_t count) {
  const uint32_t left = count_.load(std::memory_order_relaxed) - count;
  for (uint32_t to = first; to < left; ++to) Set(to, Low(to + count), High(to + count));
  count_.store(left, std::memory_order_relaxed);
}

bool ReservedRanges::Add(uintptr_t low, uintptr_t high) {
  LEAKTRACK_DCHECK(low < high);
  const uint32_t count = count_.load(std::memory_order_relaxed);
  const uint32_t first = low == 0 ? 0 : FirstEndingAfter(low - 1);
  uint32_t end = first;
  while (end < count && Low(end) <= high) ++end;
  if (end == first && count == kMost) return false;
  BeginChange();
  if (end == first) {
    InsertAt(first, low, high);
  } else {
    Set(first, std::min(low, Low(first)), std::max(high, High(end - 1)));
    Erase(first + 1, end - first - 1);
  }
  EndChange();
  return true;
}

// Replaces range i by its remainders.
void ReservedRanges::Leave(uint32_t i, Range left, Range right, bool* whole) {
  const bool has_left = left.low < left.high, has_right = right.low < right.high;
  if (!has_left && !has_right) return Erase(i, 1);
  if (has_left != has_right) {
    return has_left ? Set(i, left.low, left.high) : Set(i, right.low, right.high);
  }
  if (count_.load(std::memory_order_relaxed) < kMost) {
    Set(i, left.low, left.high);
    return InsertAt(i + 1, right.low, right.high);
  }
  *whole = false;
  const Range larger = left.high - left.low > right.high - right.low ? left : right;
  Set(i, larger.low, larger.high);
}

bool ReservedRanges::TakeFirst(uintptr_t low, uintptr_t high, Range* taken, bool* whole) {
  const uint32_t i = FirstEndingAfter(low);
  if (i >= count_.load(std::memory_order_relaxed) || Low(i) >= high) return false;
  *taken = {std::max(low, Low(i)), std::min(high, High(i))};
  BeginChange();
  Leave(i, {Low(i), taken->low}, {taken->high, High(i)}, whole);
  EndChange();
  return true;
}

void ReservedRanges::AfterFork() {
  if (changes_.load(std::memory_order_relaxed) % 2 == 0) return;
  count_.store(0, std::memory_order_relaxed);
  EndChange();
}

}  // namespace leaktrack::track
