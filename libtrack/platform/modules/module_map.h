// SPDX-License-Identifier: Apache-2.0
//
// Which module an address belongs to, as of now and as of any earlier generation.
//
// What: an append-only, lock-free table of the program's modules, kept in the recorder's
// ModuleEntry region so that the tools see the same numbers. Why our own: dl_iterate_phdr inside
// malloc is where nearly every peer deadlocks. How it learns: once in the constructor; afterwards
// from /proc/self/maps through raw system calls when a PC is met that no module claims, and after
// dlclose. A module that comes back at the same place with the same inode and build-id gets its old
// number back.
//
// Thread-safety: look-ups lock-free; refreshes exclude each other by a try-lock and are skipped by
// the loser.
// Allocates: never.
// Signals: safe.
// Fork: the child rebinds to its own recorder with BindModuleMap.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_MAP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_MAP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/cfi/cfi_table.h"

namespace leaktrack::track {

// The tables of the recorder in which modules are kept. `commit` makes sure that the first `bytes`
// of the region may be touched and returns false when they may not (nullptr: all of it may).
struct ModuleTable {
  capture::ModuleEntry* entries;
  uint32_t capacity;
  std::atomic<uint32_t>* count;
  std::atomic<uint32_t>* generation;
  std::atomic<uint64_t>* lost;  // modules that found no room
  bool (*commit)(uint64_t bytes);
  const std::atomic<uint64_t>*
      tick_ms;  // the run's clock, for refreshes that a walk starts (nullptr: none)
};

// Binds the map to (fresh, zeroed) tables and fills them with what is mapped now. Call before the
// first Walk(), and again after fork.
void BindModuleMap(const ModuleTable& table);

// Reads /proc/self/maps and appends what is new, marks what has gone, raises the generation if
// anything changed. False when another thread is at it or /proc cannot be read.
bool RefreshModules(uint64_t now_ms);

// The module that holds `address`, or 0. Never refreshes.
uint32_t FindModule(uintptr_t address);

// What an unwinder needs of a module; number 0: unknown address.
struct ModuleView {
  uint32_t number;
  bool from_startup;  // there since the first fill: not unloaded while the program runs
  uintptr_t bias;
  CfiSection cfi;
};
ModuleView ViewModule(uintptr_t address);

// For an address in no module: reads the map again, unless its page was found to belong to no file
// a moment ago or the last such refresh is younger than 100 ms.
enum class UnknownAddress { kRefreshed, kKnownToBeUnknown, kTooSoon };
UnknownAddress RefreshForUnknown(uintptr_t address);

// Changes with every load, unload and bind: what was resolved under another epoch must be resolved
// again.
extern std::atomic<uint32_t> g_module_map_epoch __attribute__((visibility("hidden")));
inline uint32_t ModuleMapEpoch() { return g_module_map_epoch.load(std::memory_order_acquire); }

// Around the real dlclose: between Begin and End no cold CFI look-up reads module memory; Begin
// waits, bounded, for those under way. End refreshes.
void BeginUnload();
void EndUnload(uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_MAP_H_
