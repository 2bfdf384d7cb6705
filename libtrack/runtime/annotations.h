// SPDX-License-Identifier: Apache-2.0
//
// What the program says and asks through include/leaktrack, apart from blocks
// (libtrack/wrap/pool.h): phases, work units, snapshots, names of pools, pressure.
//
// Everything is a few atomic operations on the recorder's header; a snapshot also wakes the
// drainer, and does not wait. Pools are known by name: their numbers are the process's own and
// outlive a fork, their notes are written anew in each run. Pressure is worked out by the drainer,
// once per epoch; who asks reads a word. It is kept with its play: `held` rises with the use and
// follows its fall at a distance of kPressurePlay, so that "held >= threshold" is, for every
// threshold at once, true from reaching it until the use has fallen kPressurePlay below.
//
// Thread-safety: any thread, lock-free.
// Allocates: never.
// Signals: safe.
// errno: untouched.
// Fork: until the child has a run of its own all of it does nothing; phases do not go on in a
// child, pools do.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_ANNOTATIONS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_ANNOTATIONS_H_

#include <cstdint>

#include "libtrack/platform/os/process_memory.h"

namespace leaktrack::track {

inline constexpr double kPressurePlay = 0.05;
inline constexpr uint32_t kMaxPools = 64;

uint64_t BeginPhase(const char* name);  // 0: not kept
void EndPhase(uint64_t phase);
// Ends the process's current phase and begins another; nullptr: none.
void SetPhase(const char* name);

void AddWork(uint64_t units);

// Notes the moment and asks the drainer for an epoch now.
void TakeSnapshot(const char* name);

// The number of the pool of that name, from 1; 0: there are kMaxPools already.
uint32_t FindOrCreatePool(const char* name);
// Before the first object of a run. False: no such pool.
bool AnnouncePool(uint32_t pool);

// Use against the limit as a fraction; below 0: not known.
double Pressure();
bool UnderPressure(double threshold);

// From the drainer: what was read with this epoch.
void NotePressure(const MemoryReading& memory);
void ForgetPressure();

// The share of its limit that a process uses, by the tightest limit that is known; below 0: none
// is.
double UseOfLimit(const MemoryReading& memory);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_ANNOTATIONS_H_
