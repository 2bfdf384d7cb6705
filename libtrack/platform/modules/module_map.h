// SPDX-License-Identifier: Apache-2.0
//
// Tells which module an address belongs to, now and in any earlier generation.
//
// An append-only, lock-free table of the program's modules. It lies in the recorder's ModuleEntry
// region, so the tools see the same numbers. Why our own: dl_iterate_phdr inside malloc is where
// nearly every comparable tool deadlocks. The map is filled once in the constructor. Later it is
// refreshed from /proc/self/maps, by raw system calls, when a PC is met that no module claims, and
// after dlclose. A module that comes back at the same address with the same inode and build-id gets
// its old number back.
//
// Thread-safety: look-ups are lock-free; refreshes exclude each other by a try-lock, and the loser
// skips its refresh.
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

// The recorder's tables for modules. `commit` makes the first `bytes` of the region safe to touch,
// and returns false if it cannot (nullptr: the whole region is safe).
struct ModuleTable {
  capture::ModuleEntry* entries;
  uint32_t capacity;
  std::atomic<uint32_t>* count;
  std::atomic<uint32_t>* generation;
  std::atomic<uint64_t>* lost;  // modules without room
  bool (*commit)(uint64_t bytes);
  // The run's clock, for refreshes that a walk starts (nullptr: none).
  const std::atomic<uint64_t>* tick_ms;
};

// Binds the map to fresh, zeroed tables and fills them with what is mapped now. Call it before the
// first Walk(), and again after a fork.
void BindModuleMap(const ModuleTable& table);

// Moves what is known to other fresh, zeroed tables, under the same numbers. `forked`: the caller
// is a fork child, and threads that it does not have may have been inside. False: the map cannot be
// moved; bind it anew.
[[nodiscard]] bool MoveModuleMap(const ModuleTable& table, bool forked);

// For a fork child. True if the map is bound to these tables, which are the child's own, and whole.
[[nodiscard]] bool KeepModuleMapInChild(const capture::ModuleEntry* entries);

// The runtime address of a module's ELF address 0.
uintptr_t BiasOfModule(uint32_t number);

// Call it before the first bind if modules may have been loaded since the program's start: none is
// then taken to stay for ever.
void TrustNoModule();

// Reads /proc/self/maps, appends new modules, marks those that have gone, and raises the generation
// if anything changed. False: another thread is refreshing, or /proc cannot be read.
bool RefreshModules(uint64_t now_ms);

// The module that contains `address`, or 0. Never refreshes.
uint32_t FindModule(uintptr_t address);

// What an unwinder needs of a module. number 0: unknown address.
struct ModuleView {
  uint32_t number;
  bool from_startup;  // there since the first fill: not unloaded while the program runs
  uintptr_t bias;
  CfiSection cfi;
};
ModuleView ViewModule(uintptr_t address);

// For an address in no module: reads the map again. It does not if the address's page was recently
// found to belong to no file, or if the last such refresh was less than 100 ms ago.
enum class UnknownAddress { kRefreshed, kKnownToBeUnknown, kTooSoon };
UnknownAddress RefreshForUnknown(uintptr_t address);

// Changes with every load, unload and bind. A result from another epoch must be resolved again.
extern std::atomic<uint32_t> g_module_map_epoch __attribute__((visibility("hidden")));
inline uint32_t ModuleMapEpoch() { return g_module_map_epoch.load(std::memory_order_acquire); }

// Call these around the real dlclose. Between Begin and End no cold CFI look-up reads module
// memory. Begin waits, for a bounded time, for look-ups that are under way. End refreshes.
void BeginUnload();
void EndUnload(uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_MAP_H_
