// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/annotations.h"

#include <atomic>
#include <string_view>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/record/notes.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

using capture::NoteKind;

enum PoolState : uint32_t { kPoolFree = 0, kPoolBusy, kPoolReady };
struct Pool {
  std::atomic<uint32_t> state;
  std::atomic<uint64_t> announced_in;  // run id
  char name[sizeof(capture::NoteEntry::name)];
};
constinit Pool g_pools[kMaxPools]{};
constinit std::atomic<uint64_t> g_current_phase{0};
constinit std::atomic<double> g_pressure{-1}, g_pressure_held{-1};

uint64_t Begin(NoteKind kind, const char* name, uint16_t value = 0) {
  return g_filter.is_open() ? BeginNote(*ImageHeader(), kind, name, value, NowMs()) : 0;
}

std::string_view NameOf(const Pool& pool) { return pool.name; }

std::string_view AsKept(const char* name) {
  return AtMost(name != nullptr ? std::string_view(name) : std::string_view(),
                sizeof(Pool::name) - 1);
}

}  // namespace

// A program that tells about itself is to be recorded.
uint64_t BeginPhase(const char* name) {
  BeBornBeforeCall();
  return Begin(NoteKind::kPhase, name);
}

void EndPhase(uint64_t phase) {
  if (g_filter.is_open()) EndNote(*ImageHeader(), phase, NowMs());
}

void SetPhase(const char* name) {
  BeBornBeforeCall();
  if (!g_filter.is_open()) return;
  EndPhase(
      g_current_phase.exchange(name != nullptr ? BeginPhase(name) : 0, std::memory_order_acq_rel));
}

void AddWork(uint64_t units) {
  if (!g_filter.is_open()) BeBornBeforeCall();
  if (g_filter.is_open()) ImageHeader()->work_units.fetch_add(units, std::memory_order_relaxed);
}

void TakeSnapshot(const char* name) {
  BeBornBeforeCall();
  if (Begin(NoteKind::kSnapshot, name) != 0) RequestEpoch();
}

// Two threads that create the same pool at once may get two numbers for it. Both are valid and
// carry the same name.
uint32_t FindOrCreatePool(const char* name) {
  BeBornBeforeCall();
  for (uint32_t i = 0; i < kMaxPools; ++i) {
    Pool& pool = g_pools[i];
    uint32_t state = pool.state.load(std::memory_order_acquire);
    if (state == kPoolReady && NameOf(pool) == AsKept(name)) return i + 1;
    if (state != kPoolFree || !pool.state.compare_exchange_strong(state, kPoolBusy)) continue;
    Text(pool.name).Add(AsKept(name));
    pool.state.store(kPoolReady, std::memory_order_release);
    return i + 1;
  }
  if (g_filter.is_open()) g_tracker.Count(capture::kLostNotes);
  return 0;
}

bool AnnouncePool(uint32_t number) {
  if (number == 0 || number > kMaxPools) return false;
  Pool& pool = g_pools[number - 1];
  if (!g_filter.is_open() || pool.state.load(std::memory_order_acquire) != kPoolReady) return false;
  const uint64_t run_id = ImageHeader()->run_id;
  uint64_t before = pool.announced_in.load(std::memory_order_relaxed);
  if (before != run_id && pool.announced_in.compare_exchange_strong(before, run_id)) {
    Begin(NoteKind::kPool, pool.name, static_cast<uint16_t>(number));
  }
  return true;
}

double Pressure() { return g_filter.is_open() ? g_pressure.load(std::memory_order_relaxed) : -1; }

bool UnderPressure(double threshold) {
  return g_filter.is_open() && g_pressure_held.load(std::memory_order_relaxed) >= threshold;
}

// Uses the limits in the same order as the report.
double UseOfLimit(const MemoryReading& memory) {
  const auto share = [](int64_t used, int64_t limit) {
    return static_cast<double>(used) / static_cast<double>(limit);
  };
  if (memory.cgroup_max > 0 && memory.cgroup_current >= 0)
    return share(memory.cgroup_current, memory.cgroup_max);
  if (memory.rlimit_as > 0 && memory.rss >= 0) return share(memory.rss, memory.rlimit_as);
  if (memory.machine_total > 0 && memory.machine_available >= 0) {
    return share(memory.machine_total - memory.machine_available, memory.machine_total);
  }
  return -1;
}

void NotePressure(const MemoryReading& memory) {
  LEAKTRACK_DCHECK(ActsForDrainer());
  const double now = UseOfLimit(memory), before = g_pressure_held.load(std::memory_order_relaxed);
  const double held = now < 0 || now > before        ? now
                      : now + kPressurePlay < before ? now + kPressurePlay
                                                     : before;
  g_pressure.store(now, std::memory_order_relaxed);
  g_pressure_held.store(held, std::memory_order_relaxed);
}

void ForgetPressure() {
  g_pressure.store(-1, std::memory_order_relaxed);
  g_pressure_held.store(-1, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
