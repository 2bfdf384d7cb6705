// SPDX-License-Identifier: Apache-2.0
//
// What the program says and asks through include/leaktrack, except for blocks
// (libtrack/wrap/pool.h): phases, work units, snapshots, pool names, pressure.
//
// Every function is a few atomic operations on the recorder's header. A snapshot also wakes the
// drainer, but does not wait. Pools are known by name. Their numbers belong to the process and
// survive a fork; their notes are written again in each run.
//
// The drainer computes the pressure once per epoch, and a caller only reads a word. The pressure
// has a hysteresis: `held` rises with the use, and follows a falling use at a distance of
// kPressurePlay. So for every threshold at once, "held >= threshold" becomes true when the use
// reaches the threshold and stays true until the use has fallen kPressurePlay below it.
//
// Thread-safety: any thread, lock-free.
// Allocates: never.
// Signals: safe.
// errno: untouched.
// Fork: everything does nothing until the child has a run of its own. Phases do not continue in a
// child; pools do.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_ANNOTATIONS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_ANNOTATIONS_H_

#include <cstdint>

#include "libtrack/platform/os/process_memory.h"

namespace leaktrack::track {

inline constexpr double kPressurePlay = 0.05;
inline constexpr uint32_t kMaxPools = 64;

uint64_t BeginPhase(const char* name);  // 0: not recorded
void EndPhase(uint64_t phase);
// Ends the process's current phase and begins another. nullptr: begins none.
void SetPhase(const char* name);

void AddWork(uint64_t units);

// Records the moment and asks the drainer for an epoch now.
void TakeSnapshot(const char* name);

// The number of the pool with that name, from 1. 0: there are kMaxPools already.
uint32_t FindOrCreatePool(const char* name);
// Call it before the first object of a run. False: there is no such pool.
bool AnnouncePool(uint32_t pool);

// Use as a fraction of the limit. Below 0: not known.
double Pressure();
bool UnderPressure(double threshold);

// Called by the drainer with the readings of this epoch.
void NotePressure(const MemoryReading& memory);
void ForgetPressure();

// The share of its limit that a process uses, by the tightest known limit. Below 0: no limit is
// known.
double UseOfLimit(const MemoryReading& memory);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_ANNOTATIONS_H_
