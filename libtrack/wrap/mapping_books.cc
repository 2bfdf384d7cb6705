// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/mapping_books.h"

#include <errno.h>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/signal_mask.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/young.h"

namespace leaktrack::track {
namespace {

// Calls `record(state)` if this thread may record and the program itself made the request. Leaves
// errno unchanged.
template <typename RecordFn>
void WithState(const StackStart& start, RecordFn record) {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const HookGuard guard;
    ThreadState* state = StateForRecording(hot, guard);
    if (state == nullptr && IsYoung() && BeBornForMapping(hot, guard, start))
      state = StateForRecording(hot, guard);
    if (state == nullptr) {
      CountIfNested(guard);
    } else if (!IsAllocator(start.pc)) {
      record(*state);
    }
  }
  errno = saved_errno;
}

// Calls `book` with the table of mappings. Signals are blocked, because a handler could jump away
// while the table is locked. Leaves errno unchanged.
template <typename BookFn>
void Book(BookFn book) {
  const int saved_errno = errno;
  {
    const SignalsBlocked blocked;
    book(g_tracker.maps(), NowMs());
  }
  errno = saved_errno;
}

// Calls `book(table, site, now)` with the site of the program's call.
template <typename BookFn>
void BookWithSite(const StackStart& start, BookFn book) {
  WithState(start, [&](ThreadState& state) {
    const WalkResult walk = WalkStack(state, start);
    const capture::SiteId site = g_tracker.Intern(
        {capture::SiteKind::kMapping, {state.frames, walk.frame_count}, walk.truncated, walk.fold});
    Book([&](MapTable& maps, uint64_t now_ms) { book(maps, site, now_ms); });
  });
}

bool NothingToForget() { return !g_filter.is_open() || g_tracker.maps().empty(); }

}  // namespace

// Module 0 is "unknown" and must not match.
bool IsAllocator(uintptr_t caller) {
  const uint32_t allocator = FindModule(reinterpret_cast<uintptr_t>(RealMalloc()));
  return allocator != 0 && FindModule(caller) == allocator;
}

void RememberMapping(const StackStart& start, uintptr_t mapped, size_t length) {
  BookWithSite(start, [=](MapTable& maps, capture::SiteId site, uint64_t now_ms) {
    maps.Add(mapped, length, site, now_ms);
  });
}

void RememberAttachment(const StackStart& start, uintptr_t mapped, size_t length) {
  BookWithSite(start, [=](MapTable& maps, capture::SiteId site, uint64_t now_ms) {
    maps.Attach(mapped, length, site, now_ms);
  });
}

void RememberBytes(const StackStart& start, uintptr_t from, size_t bytes) {
  BookWithSite(start, [=](MapTable& maps, capture::SiteId site, uint64_t now_ms) {
    maps.AddBytes(from, bytes, site, now_ms);
  });
}

void ReserveMapping(const StackStart& start, uintptr_t mapped, size_t length) {
  WithState(start, [=](ThreadState&) {
    Book([=](MapTable& maps, uint64_t now_ms) { maps.Reserve(mapped, length, now_ms); });
  });
}

void OpenReserved(const StackStart& start, uintptr_t from, size_t length) {
  if (!MayBeReserved(from, length)) return;
  BookWithSite(start, [=](MapTable& maps, capture::SiteId site, uint64_t now_ms) {
    maps.Open(from, length, site, now_ms);
  });
}

bool MayBeReserved(uintptr_t start, size_t length) {
  return g_tracker.maps().MayOpen(start, length);
}

void ForgetRange(uintptr_t start, size_t length) {
  if (NothingToForget()) return;
  Book([=](MapTable& maps, uint64_t now_ms) { maps.Remove(start, length, now_ms); });
}

void DetachRange(uintptr_t start, size_t length, DetachedMappings& detached) {
  if (NothingToForget()) return;
  Book([&](MapTable& maps, uint64_t now_ms) { maps.Detach(start, length, now_ms, &detached); });
}

void DetachAttachment(uintptr_t start, DetachedMappings& detached) {
  if (NothingToForget()) return;
  Book([&](MapTable& maps, uint64_t now_ms) { maps.DetachFrom(start, now_ms, &detached); });
}

void EndDetached(const DetachedMappings& detached, bool gone) {
  // If the gate was shut meanwhile there is nothing to end: a vfork child cannot shut it, and a
  // fork child forgets everything.
  if (detached.empty() || !g_filter.is_open()) return;
  Book([&](MapTable& maps, uint64_t now_ms) {
    gone ? maps.Settle(detached, now_ms) : maps.Reattach(detached, now_ms);
  });
}

MapTable::Kind KindOfRange(uintptr_t start, size_t length) {
  MapTable::Kind kind = MapTable::Kind::kUnknown;
  if (NothingToForget()) return kind;
  Book([&](MapTable& maps, uint64_t) { kind = maps.KindOf(start, length); });
  return kind;
}

void CountLostMapping() {
  if (g_filter.is_open()) g_tracker.Count(capture::kLostMappings);
}

}  // namespace leaktrack::track
