// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/hook_coverage.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/record/thread_state.h"

namespace leaktrack::track {

constinit bool g_heap_is_bypassed = false;

namespace {

constexpr const char* kHookNames[] = {
    "malloc",         "free",          "calloc",   "realloc", "reallocarray",
    "posix_memalign", "aligned_alloc", "memalign", "valloc",  "pvalloc",
    "mmap",           "mmap64",        "munmap",   "mremap",  "dlclose",
    "_Znwm",          "_Znam",         "_ZdlPv",   "_ZdaPv",  "_ZnwmSt11align_val_t",
    "mprotect",       "shmat",         "shmdt",    "brk",     "sbrk",
};

constexpr size_t kHookCount = sizeof kHookNames / sizeof kHookNames[0];
static_assert(kHookCount <= capture::kMaxHooks);

capture::HookState StateOf(const char* name) {
  const void* first = FindFirstSymbol(name);
  if (first != nullptr && !IsOurs(first)) return capture::HookState::kBypassed;
  // dlsym takes memory from the program's heap to say that it found nothing.
  return FindNextInLinkMap(name).address != nullptr ? capture::HookState::kActive
                                                    : capture::HookState::kAbsent;
}

constexpr size_t kFirstMapping = 10;  // in kHookNames; the C names of the heap come before it
bool IsOfHeap(size_t hook) { return hook < kFirstMapping || kHookNames[hook][0] == '_'; }

constinit capture::HookState g_states[kHookCount]{};

// True if calls of the program's first malloc reach us after all. It may be a wrapper that was
// preloaded before us. The test uses a budget from which our malloc would take the size.
bool FirstMallocReachesUs() {
  constexpr size_t kProbeBytes = 1031;
  auto* const first_malloc = reinterpret_cast<void* (*)(size_t)>(FindFirstSymbol("malloc"));
  auto* const first_free = reinterpret_cast<void (*)(void*)>(FindFirstSymbol("free"));
  HotThread& hot = hot_thread;
  const uint64_t countdown = hot.countdown;
  hot.countdown = uint64_t{1} << 40;
  first_free(first_malloc(kProbeBytes));
  const bool reached = hot.countdown != uint64_t{1} << 40;
  hot.countdown = countdown;
  return reached;
}

}  // namespace

void FindHooks() {
  for (size_t i = 0; i < kHookCount; ++i) g_states[i] = StateOf(kHookNames[i]);
  if (g_states[0] != capture::HookState::kBypassed) return;
  g_heap_is_bypassed = !FirstMallocReachesUs();
  for (size_t i = 0; i < kHookCount; ++i) {
    if (g_heap_is_bypassed && IsOfHeap(i)) g_states[i] = capture::HookState::kBypassed;
    if (!g_heap_is_bypassed && i < kFirstMapping && g_states[i] == capture::HookState::kBypassed) {
      g_states[i] = capture::HookState::kActive;
    }
  }
}

void DescribeHooks(capture::RecorderHeader& header) {
  for (size_t i = 0; i < kHookCount; ++i) {
    capture::HookName& hook = header.hooks[i];
    Text(hook.name).Add(kHookNames[i]);
    hook.state.store(static_cast<uint8_t>(g_states[i]), std::memory_order_relaxed);
    hook.used = 1;
  }
}

const char* FindOwnerOfMalloc() {
  static constexpr struct {
    const char* symbol;
    const char* name;
  } kRuntimes[] = {{"__asan_init", "was built with AddressSanitizer"},
                   {"__tsan_init", "was built with ThreadSanitizer"},
                   {"__msan_init", "was built with MemorySanitizer"},
                   {"__lsan_init", "was built with LeakSanitizer"},
                   // The name of valgrind's malloc, in a library that it preloads.
                   {"_vgr10010ZU_VgSoSynsomalloc_malloc", "runs under valgrind"}};
  for (const auto& runtime : kRuntimes) {
    if (FindFirstSymbol(runtime.symbol) != nullptr) return runtime.name;
  }
  return nullptr;
}

bool IsSecondCopy() {
  const void* first = FindFirstSymbol("leaktrack_library_marker");
  return first != nullptr && !IsOurs(first);
}

}  // namespace leaktrack::track
