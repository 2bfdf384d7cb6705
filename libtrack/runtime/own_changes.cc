// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/own_changes.h"

#include <linux/capability.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/runtime/drainer.h"

namespace leaktrack::track {
namespace {

// setpriv drops 41 capabilities of the bounding set in a row.
constexpr uint32_t kEntries = 64;
constexpr long kMostGroups = 256;

struct Capset {
  __user_cap_header_struct header;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

struct Entry {
  OwnChange change;
  union {
    Capset capset;
    uint32_t groups[kMostGroups];
  };
};

struct Queue {
  std::atomic<uint32_t> posted, repeated;  // counts since the start
  std::atomic<bool> fell_behind;
  Entry entries[kEntries];
};
constinit Queue g_queue{};

// A capset names the thread that it changes by its id or by 0.
void CopyCapset(Entry& entry) {
  OwnChange& change = entry.change;
  std::memcpy(&entry.capset.header, reinterpret_cast<const void*>(change.a),
              sizeof entry.capset.header);
  const bool old = entry.capset.header.version == _LINUX_CAPABILITY_VERSION_1;
  const size_t words = old ? _LINUX_CAPABILITY_U32S_1 : _LINUX_CAPABILITY_U32S_3;
  std::memcpy(entry.capset.data, reinterpret_cast<const void*>(change.b),
              words * sizeof entry.capset.data[0]);
  entry.capset.header.pid = 0;
  change.a = raw::Ptr(&entry.capset.header);
  change.b = raw::Ptr(entry.capset.data);
}

bool CopyGroups(Entry& entry) {
  OwnChange& change = entry.change;
  if (change.a > kMostGroups) return false;
  if (change.a > 0) {
    std::memcpy(entry.groups, reinterpret_cast<const void*>(change.b),
                static_cast<size_t>(change.a) * sizeof entry.groups[0]);
  }
  change.b = raw::Ptr(entry.groups);
  return true;
}

bool Copy(const OwnChange& change, Entry& entry) {
  entry.change = change;
  if (change.number == SYS_capset) CopyCapset(entry);
  return change.number != SYS_setgroups || CopyGroups(entry);
}

}  // namespace

bool HasRoomForOwnChange() {
  return g_queue.posted.load(std::memory_order_relaxed) -
             g_queue.repeated.load(std::memory_order_acquire) <
         kEntries;
}

void PostOwnChange(const OwnChange& change) {
  const uint32_t posted = g_queue.posted.load(std::memory_order_relaxed);
  if (FellBehind() || !HasRoomForOwnChange() || !Copy(change, g_queue.entries[posted % kEntries])) {
    return FallBehind();
  }
  g_queue.posted.store(posted + 1);
}

void RepeatOwnChanges() {
  LEAKTRACK_DCHECK(ActsForDrainer());
  uint32_t repeated = g_queue.repeated.load(std::memory_order_relaxed);
  for (; repeated != g_queue.posted.load(); ++repeated) {
    const OwnChange& change = g_queue.entries[repeated % kEntries].change;
    const long result = raw::Call(change.number, change.a, change.b, change.c, change.d, change.e);
    if (raw::Failed(result)) FallBehind();
    g_queue.repeated.store(repeated + 1, std::memory_order_release);
  }
}

bool FellBehind() { return g_queue.fell_behind.load(); }

void FallBehind() { g_queue.fell_behind.store(true); }

void ForgetOwnChanges() {
  g_queue.posted.store(0);
  g_queue.repeated.store(0);
  g_queue.fell_behind.store(false);
}

}  // namespace leaktrack::track
