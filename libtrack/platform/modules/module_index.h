// SPDX-License-Identifier: Apache-2.0
//
// The process-private half of the module map: address ranges side by side, and what unwinding needs
// of each module.
//
// Why it is separate from the recorder's ModuleEntry: those are 512 bytes apart, and a look-up
// scans all of them. Here 200 modules take 50 cache lines. A number stands for one module at one
// address for the life of the run. So the facts of a slot never change once published. Only `end`
// switches between its value and 0 (not loaded).
//
// Thread-safety: readers lock-free; one writer at a time (the refresh).
// Allocates: never.
// Signals: safe.
// Fork: the child starts over with Clear.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_INDEX_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_INDEX_H_

#include <atomic>
#include <cstdint>

#include "libtrack/platform/modules/loaded_elf.h"

namespace leaktrack::track {

class ModuleIndex {
 public:
  static constexpr uint32_t kMaxModules = 4096;

  // Identifies a mapped file. `base` is the address of its first byte.
  struct Identity {
    uintptr_t base;
    uint64_t device;
    uint64_t inode;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  struct Facts {
    Identity identity;
    uintptr_t end;
    uintptr_t bias;
    CfiSection cfi;
    uint32_t seen;  // the last refresh that found it
    bool from_startup;
  };

  uint32_t Find(uintptr_t address) const;
  bool Loaded(uint32_t number) const { return ends_[number].load(std::memory_order_acquire) != 0; }
  uint32_t count() const { return count_.load(std::memory_order_acquire); }

  Facts& facts(uint32_t number) { return facts_[number]; }
  void Publish(uint32_t number, const LoadedElf& image, const Identity& identity);
  void SetLoaded(uint32_t number, bool loaded) {
    ends_[number].store(loaded ? facts_[number].end : 0, std::memory_order_release);
  }
  void Clear();

 private:
  // All zero, and explicitly so: otherwise our constructor would fill the index, and then its own
  // constructor would empty it.
  std::atomic<uint32_t> count_{};  // numbers 1..count_ are published
  std::atomic<uintptr_t> starts_[kMaxModules]{};
  std::atomic<uintptr_t> ends_[kMaxModules]{};
  Facts facts_[kMaxModules]{};
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_INDEX_H_
