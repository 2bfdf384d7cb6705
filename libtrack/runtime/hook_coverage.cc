// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/hook_coverage.h"

#include "libtrack/platform/linker.h"
#include "libtrack/platform/real_functions.h"
#include "libtrack/platform/text.h"

namespace leaktrack::track {
namespace {

constexpr const char* kHookNames[] = {
    "malloc",        "free",           "calloc",  "realloc", "reallocarray", "posix_memalign",
    "aligned_alloc", "memalign",       "valloc",  "pvalloc", "mmap",         "mmap64",
    "munmap",        "mremap",         "dlclose", "_Znwm",   "_Znam",        "_ZdlPv",
    "_ZdaPv",        "_ZnwmSt11align_val_t",
};

capture::HookState StateOf(const char* name) {
  const void* first = FindFirstSymbol(name);
  if (first != nullptr && !IsOurs(first)) return capture::HookState::kBypassed;
  return FindNextSymbol(name) != nullptr ? capture::HookState::kActive : capture::HookState::kAbsent;
}

constexpr size_t kHookCount = sizeof kHookNames / sizeof kHookNames[0];
static_assert(kHookCount <= capture::kMaxHooks);
constinit capture::HookState g_states[kHookCount]{};

}  // namespace

void FindHooks() {
  for (size_t i = 0; i < kHookCount; ++i) g_states[i] = StateOf(kHookNames[i]);
}

void DescribeHooks(capture::RecorderHeader& header) {
  for (size_t i = 0; i < kHookCount; ++i) {
    capture::HookName& hook = header.hooks[i];
    Text(hook.name).Add(kHookNames[i]);
    hook.state.store(static_cast<uint8_t>(g_states[i]), std::memory_order_relaxed);
    hook.used = 1;
  }
}

const char* FindSanitizer() {
  static constexpr struct {
    const char* symbol;
    const char* name;
  } kRuntimes[] = {{"__asan_init", "AddressSanitizer"}, {"__tsan_init", "ThreadSanitizer"},
                   {"__msan_init", "MemorySanitizer"}, {"__lsan_init", "LeakSanitizer"}};
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
