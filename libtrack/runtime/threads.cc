// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/threads.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/sparse_memory.h"
#include "libtrack/runtime/drainer.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kCountedAsLost = 1;  // HotThread::flags
constexpr size_t kStatesPerSlab = 16;
constexpr uint32_t kMaxSlabs = 4096;

constinit ThreadStatePool g_pool{};
constinit Tracker* g_threads_tracker = nullptr;
constinit std::atomic<ThreadState*> g_slabs[kMaxSlabs]{};
constinit std::atomic<uint32_t> g_slab_count{0};
constinit std::atomic<bool> g_slab_refused{false};  // hooks do not ask again

// The owner's thread id. 0: no owner, or being taken back.
std::atomic_ref<uint64_t> Owner(ThreadState& state) {
  return std::atomic_ref<uint64_t>(state.runtime_words[0]);
}

bool IsGone(uint64_t tid) {
  return raw::Call(SYS_tgkill, raw::Getpid(), static_cast<long>(tid), 0) == -3 /* ESRCH */;
}

// If several threads look, one wins the state. A thread id that was given out again only delays
// this.
void TakeBackIfGone(ThreadState& state) {
  uint64_t tid = Owner(state).load(std::memory_order_acquire);
  if (tid == 0 || !IsGone(tid) || !Owner(state).compare_exchange_strong(tid, 0)) return;
  HotThread nobody{};
  g_threads_tracker->ReleaseThread(nobody, state);
  g_pool.Release(&state);
}

void TakeBackDeparted() {
  const uint32_t count = g_slab_count.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count && i < kMaxSlabs; ++i) {
    ThreadState* const slab = g_slabs[i].load(std::memory_order_acquire);
    for (size_t k = 0; slab != nullptr && k < kStatesPerSlab; ++k) TakeBackIfGone(slab[k]);
  }
}

bool AddSlab() {
  const size_t bytes = kStatesPerSlab * sizeof(ThreadState);
  if (g_slab_count.load(std::memory_order_relaxed) >= kMaxSlabs) return false;
  void* const slab = PrivateMemory(bytes);
  if (slab == nullptr) return false;
  const uint32_t index = g_slab_count.fetch_add(1, std::memory_order_acq_rel);
  if (index < kMaxSlabs)
    g_slabs[index].store(static_cast<ThreadState*>(slab), std::memory_order_release);
  g_pool.AddSlab(slab, bytes);
  return true;
}

ThreadState* NewState() {
  ThreadState* state = g_pool.Acquire();
  if (state != nullptr || raw::Forbidden() || g_slab_refused.load(std::memory_order_relaxed))
    return state;
  TakeBackDeparted();
  state = g_pool.Acquire();
  if (state != nullptr) return state;
  if (!AddSlab()) g_slab_refused.store(true, std::memory_order_relaxed);
  return g_pool.Acquire();
}

}  // namespace

void* PrivateMemory(size_t bytes) {
  if (raw::Forbidden()) return nullptr;
  return MapPrivate(bytes);
}

void PrepareThreads(Tracker* tracker) {
  g_threads_tracker = tracker;
  (void)AddSlab();  // now, because a filter may forbid it later
}

void RetryThreadMemory() {
  LEAKTRACK_DCHECK(ActsForDrainer());
  if (!g_slab_refused.load(std::memory_order_relaxed)) return;
  TakeBackDeparted();
  if (AddSlab()) g_slab_refused.store(false, std::memory_order_relaxed);
}

ThreadState* AttachThread(HotThread& hot) {
  LEAKTRACK_DCHECK(g_threads_tracker != nullptr);
  LEAKTRACK_DCHECK(hot.guard_place != nullptr || hot.guards_taken_over != 0);
  if (hot.state != nullptr) return hot.state;
  if (IsOurOwnThread(hot)) return nullptr;
  ThreadState* state = NewState();
  if (state == nullptr) {
    if ((hot.flags & kCountedAsLost) == 0) g_threads_tracker->Count(capture::kLostThreads);
    hot.flags |= kCountedAsLost;
    return nullptr;
  }
  const int tid = raw::Forbidden() ? 0 : raw::Gettid();
  Owner(*state).store(static_cast<uint64_t>(tid), std::memory_order_release);
  hot.state = state;
  g_threads_tracker->AdoptThread(hot, *state, static_cast<uint32_t>(tid));
  return state;
}

void NeverRecordThread(HotThread& hot) { hot.flags |= kOurOwnThread; }

void AdoptThreadAfterFork(HotThread& hot) {
  if (hot.state == nullptr) return;
  const int tid = raw::Gettid();
  Owner(*hot.state).store(static_cast<uint64_t>(tid), std::memory_order_release);
  g_threads_tracker->AdoptThread(hot, *hot.state, static_cast<uint32_t>(tid));
}

}  // namespace leaktrack::track
