// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/pool.h"

#include <errno.h>

#include <initializer_list>

#include "libtrack/runtime/run.h"
#include "libtrack/wrap/birth.h"
#include "libtrack/wrap/death.h"
#include "libtrack/wrap/mapping.h"

namespace leaktrack::track {
namespace {

// All addresses of one granule share a counter of the filter.
constexpr uintptr_t kGranule = 16;

uint32_t PoolOf(const capture::StackRecord& site) {
  if (site.frame_count == 0) return 0;
  const capture::Frame last = site.frames[site.frame_count - 1];
  return capture::FrameModule(last) == capture::kPoolModule
             ? static_cast<uint32_t>(capture::FrameAddress(last))
             : 0;
}

struct Range {
  uintptr_t start, end;  // in keys
};

bool InRange(const void* context, uintptr_t block, const capture::StackRecord&) {
  const Range& range = *static_cast<const Range*>(context);
  return block >= range.start && block < range.end;
}

bool InPool(const void* context, uintptr_t, const capture::StackRecord& site) {
  return PoolOf(site) == *static_cast<const uint32_t*>(context);
}

void SettleWhere(Tracker::MatchFn matches, const void* context) {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const HookGuard guard;
    g_tracker.SettleAll(guard.IfStillHeld(hot.state), NowMs(), matches, context);
  }
  errno = saved_errno;
}

// Asks the filter for each address where an object may begin.
void SettleOneByOne(const Range& range) {
  for (uintptr_t granule = range.start & ~(kGranule - 1); granule < range.end;
       granule += kGranule) {
    if (!g_filter.MayBeTracked(reinterpret_cast<const void*>(granule))) continue;
    for (uintptr_t key = granule; key < granule + kGranule; ++key) {
      if (key >= range.start && key < range.end) SettleFree(reinterpret_cast<const void*>(key));
    }
  }
}

}  // namespace

[[gnu::noinline]] void PoolAllocateSlow(uint32_t pool, const void* object, size_t size) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  if (pool != 0) RecordPoolBirth(PoolKey(object), size, pool, start);
}

void PoolFreeSlow(const void* object) { SettleFree(PoolKey(object)); }

void PoolTakeBacking(const void* start, size_t size) {
  BeBornBeforeCall();
  if (!g_filter.is_open()) return;
  if (g_filter.MayBeTracked(start)) SettleFree(start);
  ForgetMapping(start, size);
}

// Chooses the cheaper way: one question per granule, or a walk through the table. In exact mode the
// filter excludes no granule, so every byte would be a question.
void PoolClear(const void* start, size_t size) {
  if (!g_filter.is_open() || size == 0) return;
  const auto first = reinterpret_cast<uintptr_t>(PoolKey(start));
  const Range range{first, first + size};
  const uint64_t questions = g_tracker.exact() ? size : size / kGranule;
  if (questions > g_tracker.live().capacity()) return SettleWhere(InRange, &range);
  SettleOneByOne(range);
}

void PoolDestroy(uint32_t pool) {
  if (g_filter.is_open() && pool != 0) SettleWhere(InPool, &pool);
}

void MarkImmortal(const void* block) {
  BeBornBeforeCall();
  if (!g_filter.is_open() || block == nullptr) return;
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const HookGuard guard;
    ThreadState* state = StateForRecording(hot, guard);
    for (const void* key : {block, PoolKey(block)}) {
      if (state != nullptr && g_filter.MayBeTracked(key))
        g_tracker.MakeImmortal(guard.ticket(), *state, key, NowMs());
    }
  }
  errno = saved_errno;
}

}  // namespace leaktrack::track
