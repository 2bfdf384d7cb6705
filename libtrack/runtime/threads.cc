// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/threads.h"

#include <sys/mman.h>

#include "libtrack/platform/linker.h"
#include "libtrack/platform/raw.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kThreadEnded = 1;       // HotThread::flags
constexpr uint64_t kDestructorRounds = 4;  // PTHREAD_DESTRUCTOR_ITERATIONS; fixed in glibc's ABI
constexpr size_t kStatesPerSlab = 16;

constinit ThreadStatePool g_pool{};
constinit pthread_key_t g_key = 0;
constinit bool g_has_key = false;
constinit Tracker* g_threads_tracker = nullptr;

uint64_t& RoundsSeen(ThreadState& state) { return state.runtime_words[0]; }

void OnThreadEnd(void* pointer) {
  HotThread& hot = hot_thread;
  auto* state = static_cast<ThreadState*>(pointer);
  if (hot.state != state) return;
  if (++RoundsSeen(*state) < kDestructorRounds) {
    pthread_setspecific(g_key, state);
    return;
  }
  RoundsSeen(*state) = 0;
  hot.state = nullptr;
  hot.flags |= kThreadEnded;
  g_threads_tracker->ReleaseThread(hot, *state);
  g_pool.Release(state);
}

ThreadState* NewState() {
  ThreadState* state = g_pool.Acquire();
  if (state != nullptr) return state;
  const size_t bytes = kStatesPerSlab * sizeof(ThreadState);
  void* slab = raw::Mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw::MmapFailed(slab)) return nullptr;
  g_pool.AddSlab(slab, bytes);
  return g_pool.Acquire();
}

}  // namespace

void PrepareThreads(Tracker* tracker) {
  g_threads_tracker = tracker;
  if (pthread_key_create == nullptr || pthread_setspecific == nullptr) return;
  g_has_key = pthread_key_create(&g_key, OnThreadEnd) == 0;
}

ThreadState* AttachThread(HotThread& hot) {
  if (hot.state != nullptr) return hot.state;
  if (hot.flags & kThreadEnded) return nullptr;
  ThreadState* state = NewState();
  if (state == nullptr) {
    g_threads_tracker->Count(capture::kLostThreads);
    return nullptr;
  }
  hot.state = state;
  g_threads_tracker->AdoptThread(hot, *state, static_cast<uint32_t>(raw::Gettid()));
  if (g_has_key) pthread_setspecific(g_key, state);
  return state;
}

}  // namespace leaktrack::track
