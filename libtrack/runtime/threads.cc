// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/threads.h"

#include <sys/mman.h>

#include "libtrack/platform/linker.h"
#include "libtrack/platform/raw.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kCountedAsLost = 1;     // HotThread::flags
constexpr uint64_t kDestructorRounds = 4;  // PTHREAD_DESTRUCTOR_ITERATIONS; fixed in glibc's ABI
constexpr size_t kStatesPerSlab = 16;

constinit ThreadStatePool g_pool{};
constinit pthread_key_t g_key = 0;
constinit bool g_has_key = false;
constinit Tracker* g_threads_tracker = nullptr;

// States of threads that are past their last round, linked by runtime_words[1].
constinit std::atomic<ThreadState*> g_departing{nullptr};

uint64_t& RoundsSeen(ThreadState& state) { return state.runtime_words[0]; }
uint64_t& ThreadId(ThreadState& state) { return state.runtime_words[2]; }
ThreadState* NextDeparting(const ThreadState& state) { return reinterpret_cast<ThreadState*>(state.runtime_words[1]); }

void PushDeparting(ThreadState* state) {
  ThreadState* head = g_departing.load(std::memory_order_relaxed);
  do state->runtime_words[1] = reinterpret_cast<uint64_t>(head);
  while (!g_departing.compare_exchange_weak(head, state, std::memory_order_release, std::memory_order_relaxed));
}

bool IsGone(uint64_t tid) {
  return !raw::Forbidden() && raw::Call(SYS_tgkill, raw::Getpid(), static_cast<long>(tid), 0) == -3 /* ESRCH */;
}

// Takes back the states whose threads the kernel no longer knows. The list is short: every new thread looks through it.
void ReapDeparted() {
  ThreadState* next = g_departing.exchange(nullptr, std::memory_order_acquire);
  while (next != nullptr) {
    ThreadState* const state = next;
    next = NextDeparting(*state);
    if (!IsGone(ThreadId(*state))) {
      PushDeparting(state);
      continue;
    }
    HotThread nobody{};
    g_threads_tracker->ReleaseThread(nobody, *state);
    RoundsSeen(*state) = 0;
    g_pool.Release(state);
  }
}

// The thread keeps its state after the last round: destructors of other keys may still run, and allocate.
void OnThreadEnd(void* pointer) {
  auto* state = static_cast<ThreadState*>(pointer);
  if (hot_thread.state != state) return;
  if (++RoundsSeen(*state) < kDestructorRounds) {
    pthread_setspecific(g_key, state);
  } else {
    PushDeparting(state);
  }
}

void AddSlab() {
  const size_t bytes = kStatesPerSlab * sizeof(ThreadState);
  void* slab = raw::Mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!raw::MmapFailed(slab)) g_pool.AddSlab(slab, bytes);
}

ThreadState* NewState() {
  ReapDeparted();
  ThreadState* state = g_pool.Acquire();
  if (state != nullptr || raw::Forbidden()) return state;
  AddSlab();
  return g_pool.Acquire();
}

}  // namespace

void PrepareThreads(Tracker* tracker) {
  g_threads_tracker = tracker;
  AddSlab();  // now, as a filter may forbid it later
  if (pthread_key_create == nullptr || pthread_setspecific == nullptr) return;
  g_has_key = pthread_key_create(&g_key, OnThreadEnd) == 0;
}

ThreadState* AttachThread(HotThread& hot) {
  if (hot.state != nullptr) return hot.state;
  ThreadState* state = NewState();
  if (state == nullptr) {
    if ((hot.flags & kCountedAsLost) == 0) g_threads_tracker->Count(capture::kLostThreads);
    hot.flags |= kCountedAsLost;
    return nullptr;
  }
  hot.state = state;
  const int tid = raw::Forbidden() ? 0 : raw::Gettid();
  ThreadId(*state) = static_cast<uint64_t>(tid);
  g_threads_tracker->AdoptThread(hot, *state, static_cast<uint32_t>(tid));
  if (g_has_key) pthread_setspecific(g_key, state);
  return state;
}

}  // namespace leaktrack::track
