// SPDX-License-Identifier: Apache-2.0
//
// The real libunwind behind the same interface, for comparison. It takes locks and calls the
// loader, so it can deadlock in a program that loads modules while it allocates. Therefore it is
// never chosen automatically.
#include <errno.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/walk/rule_lookup.h"
#include "libtrack/platform/walk/stack_fold.h"
#include "libtrack/platform/walk/unwinder.h"

namespace leaktrack::track {
namespace {

using BacktraceFunction = int (*)(void** buffer, int size);
constinit std::atomic<BacktraceFunction> g_backtrace{nullptr};

capture::Frame NameOf(uintptr_t pc) {
  const ModuleView module = ViewModule(pc);
  return capture::MakeFrame(module.number, pc - module.bias);
}

}  // namespace

bool LoadLibunwind() {
  if (dlopen == nullptr || dlsym == nullptr) return false;
  void* const library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return false;
  void* const function = dlsym(library, "unw_backtrace");
  if (function == nullptr) return false;
  g_backtrace.store(reinterpret_cast<BacktraceFunction>(function), std::memory_order_release);
  return true;
}

WalkResult WalkWithLibunwind(UnwindMemo& memo, const StackStart& start,
                             std::span<capture::Frame> frames) {
  const BacktraceFunction backtrace = g_backtrace.load(std::memory_order_acquire);
  if (backtrace == nullptr) return {.frame_count = 0, .truncated = true};
  static_assert(sizeof(memo.entries) >= 2 * kMaxFrames * sizeof(void*),
                "the memo doubles as the buffer");
  constexpr int kRoom = 2 * static_cast<int>(kMaxFrames);
  auto** const addresses = reinterpret_cast<void**>(memo.entries);
  memo.count = 0;
  const int saved_errno = errno;
  const int found = backtrace(addresses, kRoom);
  errno = saved_errno;
  int first = 0;
  while (first < found && reinterpret_cast<uintptr_t>(addresses[first]) != start.pc) ++first;
  if (first >= found) return {.frame_count = 0, .truncated = true};

  WalkResult result = {.frame_count = 0, .truncated = found == kRoom};
  bool interrupted = false;
  for (int i = first; i < found; ++i) {
    const uintptr_t address = reinterpret_cast<uintptr_t>(addresses[i]);
    if (address == 0) break;
    if (result.frame_count == frames.size()) {
      result.truncated = true;
      break;
    }
    const bool trampoline = LookUpRule(memo.work, address - 1).rule.cfa == CfaKind::kSignal;
    frames[result.frame_count++] = NameOf(interrupted || trampoline ? address : address - 1);
    interrupted = trampoline;
  }
  result.fold = FoldFrames(frames.first(result.frame_count));
  return result;
}

}  // namespace leaktrack::track
