// SPDX-License-Identifier: Apache-2.0
//
// Address space that the program has reserved and cannot write. It costs nothing until mprotect
// opens it.
//
// Sorted ranges that do not touch each other, in a table of fixed size. The table belongs to the
// process and not to the recorder: no site is charged for a reservation, so readers need not know
// it.
//
// Promise: MayOverlap() takes two dozen instructions and no lock, because runtimes that generate
// code call mprotect all the time. Limit: at most kMost ranges at one time; more are refused.
//
// Thread-safety: MayOverlap(): any thread. All other functions: under the caller's lock.
// Allocates: never.
// Signals: safe.
// Fork: the child inherits the ranges, as it inherits the address space.
#ifndef LEAKTRACK_LIBTRACK_RECORD_RESERVED_RANGES_H_
#define LEAKTRACK_LIBTRACK_RECORD_RESERVED_RANGES_H_

#include <atomic>
#include <cstdint>

namespace leaktrack::track {

// Zero-filled memory is an empty table.
class ReservedRanges {
 public:
  static constexpr uint32_t kMost = 2048;

  struct Range {
    uintptr_t low, high;
  };

  // Merges the range with all ranges that it touches. False: no room, and nothing is reserved.
  [[nodiscard]] bool Add(uintptr_t low, uintptr_t high);

  // Takes out the first piece that lies in [low, high). False: there is none. `*whole` becomes
  // false if the remainders on both sides of the piece do not find room; then the smaller remainder
  // is lost too.
  bool TakeFirst(uintptr_t low, uintptr_t high, Range* taken, bool* whole);

  // Also true while the table changes. A caller that needs to be sure asks again under the lock.
  bool MayOverlap(uintptr_t low, uintptr_t high) const;

  // True if the whole range is reserved. Call it under the lock.
  bool Covers(uintptr_t low, uintptr_t high) const;

  bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }

  // For a forked child, before it uses the table. Drops the change that another thread of the
  // parent had begun.
  void AfterFork();

 private:
  uintptr_t Low(uint32_t i) const { return lows_[i].load(std::memory_order_relaxed); }
  uintptr_t High(uint32_t i) const { return highs_[i].load(std::memory_order_relaxed); }
  void Set(uint32_t i, uintptr_t low, uintptr_t high);
  uint32_t FirstEndingAfter(uintptr_t address) const;
  void InsertAt(uint32_t i, uintptr_t low, uintptr_t high);
  void Erase(uint32_t first, uint32_t count);
  void Leave(uint32_t i, Range left, Range right, bool* whole);
  void BeginChange();
  void EndChange();

  std::atomic<uint32_t> changes_;  // odd while a change is under way
  std::atomic<uint32_t> count_;
  std::atomic<uintptr_t> lows_[kMost];
  std::atomic<uintptr_t> highs_[kMost];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_RESERVED_RANGES_H_
