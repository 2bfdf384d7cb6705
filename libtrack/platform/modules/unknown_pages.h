// SPDX-License-Identifier: Apache-2.0
//
// Remembers which code pages belong to no file (JIT), so that they do not trigger a refresh of the
// module map again and again.
//
// An entry is valid for one map epoch and about 16 seconds. The limit is needed because dlopen is
// not interposed: a page that belonged to a JIT can become a module's unnoticed.
//
// Thread-safety: lock-free.
// Allocates: never.
// Signals: safe.
// Fork: the child's new epoch empties it.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_MODULES_UNKNOWN_PAGES_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_MODULES_UNKNOWN_PAGES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

class UnknownPages {
 public:
  bool Contains(uintptr_t address, uint32_t epoch, uint64_t now_ms) const;
  void Remember(uintptr_t address, uint32_t epoch, uint64_t now_ms);

 private:
  static constexpr size_t kEntries = 1024;
  std::atomic<uint64_t> entries_[kEntries];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_UNKNOWN_PAGES_H_
