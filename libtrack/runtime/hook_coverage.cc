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
  const void* first = FindLoadedSymbol(name, nullptr);
  if (first != nullptr && !IsOurs(first)) return capture::HookState::kBypassed;
  return FindNextSymbol(name) != nullptr ? capture::HookState::kActive : capture::HookState::kAbsent;
}

}  // namespace

void DescribeHooks(capture::RecorderHeader& header) {
  size_t index = 0;
  for (const char* name : kHookNames) {
    capture::HookName& hook = header.hooks[index++];
    Text(hook.name).Add(name);
    hook.state.store(static_cast<uint8_t>(StateOf(name)), std::memory_order_relaxed);
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
    if (FindLoadedSymbol(runtime.symbol, nullptr) != nullptr) return runtime.name;
  }
  return nullptr;
}

bool IsSecondCopy() {
  const void* first = FindLoadedSymbol("leaktrack_library_marker", nullptr);
  return first != nullptr && !IsOurs(first);
}

}  // namespace leaktrack::track
