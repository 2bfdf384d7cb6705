// SPDX-License-Identifier: Apache-2.0
//
// Which module an address belongs to, as of now and as of any earlier generation.
//
// What: an append-only, lock-free table of the program's modules, kept in the recorder's ModuleEntry region so that
// the tools see the same numbers. Why our own: dl_iterate_phdr inside malloc is where nearly every peer deadlocks.
// How it learns: once in the constructor; afterwards from /proc/self/maps through raw system calls when a PC is met
// that no module claims, and after dlclose. A module that comes back at the same place with the same inode and
// build-id gets its old number back.
//
// Thread-safety: look-ups lock-free; refreshes exclude each other by a try-lock and are skipped by the loser.
// Allocates: never.   Signals: safe.   Fork: the child rebinds to its own recorder with BindModuleMap.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_MODULE_MAP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_MODULE_MAP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

// The tables of the recorder in which modules are kept. `commit` makes sure that the first `bytes` of the region may
// be touched and returns false when they may not (nullptr: all of it may).
struct ModuleTable {
  capture::ModuleEntry* entries;
  uint32_t capacity;
  std::atomic<uint32_t>* count;
  std::atomic<uint32_t>* generation;
  std::atomic<uint64_t>* lost;  // modules that found no room
  bool (*commit)(uint64_t bytes);
  const std::atomic<uint64_t>* tick_ms;  // the run's clock, for refreshes that a walk starts (nullptr: none)
};

// Binds the map to (fresh, zeroed) tables and fills them with what is mapped now. Call before the first Walk(), and
// again after fork.
void BindModuleMap(const ModuleTable& table);

// Reads /proc/self/maps and appends what is new, marks what has gone, raises the generation if anything changed.
// False when another thread is at it or /proc cannot be read.
bool RefreshModules(uint64_t now_ms);

// The module that holds `address`, or 0. Never refreshes.
uint32_t FindModule(uintptr_t address);

// Around the real dlclose: between Begin and End no cold CFI look-up reads module memory; Begin waits, bounded, for
// those under way. End refreshes.
void BeginUnload();
void EndUnload(uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULE_MAP_H_
