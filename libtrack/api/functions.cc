// SPDX-License-Identifier: Apache-2.0
//
// The table that include/leaktrack/leaktrack.h finds by name. Nothing is decided here. Trivial
// functions are done in place; the others are in libtrack/runtime (the process) and libtrack/wrap
// (blocks).
#define LEAKTRACK_IS_TRACKER  // it does not look for itself
#include <cstddef>

#include "include/leaktrack/leaktrack.h"
#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/pool.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it

namespace {

// Like malloc: below the thread's budget nothing else is looked at. Otherwise a tail call, so that
// the caller's frame is the program's.
void PoolAlloc(leaktrack_pool pool, const void* object, size_t size) {
  HotThread& hot = hot_thread;
  if (size < hot.countdown) [[likely]] {
    hot.countdown -= size;
    return;
  }
  return PoolAllocateSlow(pool, object, size);
}

void PoolFree(leaktrack_pool, const void* object) {
  if (g_filter.MayBeTracked(PoolKey(object))) [[unlikely]]
    return PoolFreeSlow(object);
}

void PoolBacking(leaktrack_pool, const void* start, size_t bytes) { PoolTakeBacking(start, bytes); }
void ClearPool(leaktrack_pool, const void* start, size_t bytes) { PoolClear(start, bytes); }
int IsUnderPressure(double threshold) { return UnderPressure(threshold); }

}  // namespace

extern "C" __attribute__((
    visibility("default"))) constinit const leaktrack_functions leaktrack_functions_v1 = {
    .version = 1,
    .bytes = sizeof(leaktrack_functions),
    .phase_begin = BeginPhase,
    .phase_end = EndPhase,
    .phase_set = SetPhase,
    .work_add = AddWork,
    .snapshot = TakeSnapshot,
    .mark_immortal = MarkImmortal,
    .pool_create = FindOrCreatePool,
    .pool_backing = PoolBacking,
    .pool_alloc = PoolAlloc,
    .pool_free = PoolFree,
    .pool_clear = ClearPool,
    .pool_destroy = PoolDestroy,
    .pressure = Pressure,
    .under_pressure = IsUnderPressure,
};
