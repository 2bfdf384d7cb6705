// SPDX-License-Identifier: Apache-2.0
//
// Address space that the program has set aside and cannot write: it costs nothing until mprotect
// opens it.
//
// Sorted ranges without neighbours that touch, in a table of fixed size that belongs to the process
// and not to the recorder: nobody is blamed for a reservation, so readers need not know it.
// Promises: MayOverlap() is two dozen instructions without a lock, because runtimes that make code
// call mprotect for ever. Limits: more than kMost ranges at a time are refused.
//
// Thread-safety: MayOverlap() any thread; the rest excludes itself by the caller's lock.
// Allocates: never.   Signals: safe.   Fork: the child inherits them, as it does the address space.
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

  // False: no room, and nothing is reserved. Ranges that it touches become one with it.
  [[nodiscard]] bool Add(uintptr_t low, uintptr_t high);

  // Takes out the first piece that lies in [low, high). False: there is none. `whole` is set to
  // false where what is left on both sides of the piece found no room: then the smaller side is
  // gone, too.
  bool TakeFirst(uintptr_t low, uintptr_t high, Range* taken, bool* whole);

  // True also while the table changes: who needs to be sure asks again under the lock.
  bool MayOverlap(uintptr_t low, uintptr_t high) const;

  // Under the lock: all of it is reserved.
  bool Covers(uintptr_t low, uintptr_t high) const;

  bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }

  // In a forked child, before it uses the table: what another thread was in the middle of changing
  // is forgotten.
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
