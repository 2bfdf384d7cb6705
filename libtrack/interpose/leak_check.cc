// SPDX-License-Identifier: Apache-2.0
//
// LeakSanitizer's interface, for programs that were built without it and refer to it weakly or by
// a library.
//
// A program that has LeakSanitizer or AddressSanitizer built in never comes here. Where they are a
// library, the calls are passed on to it.
#include <cstddef>

#include "libtrack/interpose/export.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/runtime/exit_holder.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/pool.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it
using leaktrack::capture::HoldMoment;

namespace {

// Calls the next definition of `name`, if there is one. A process that is tracked has none: it
// would own malloc. The link map is searched, not dlsym asked: a sanitizer calls these functions
// from the allocations that dlsym makes.
template <typename... Arguments>
bool PassedOn(const char* name, Arguments... arguments) {
  if (IsTrackedProcess()) return false;
  void* const next = FindSymbolInLinkMap(name);
  if (next != nullptr) reinterpret_cast<void (*)(Arguments...)>(next)(arguments...);
  return next != nullptr;
}

}  // namespace

LEAKTRACK_EXPORT void __lsan_disable() {
  if (!PassedOn("__lsan_disable")) BeginExcuse();
}

LEAKTRACK_EXPORT void __lsan_enable() {
  if (!PassedOn("__lsan_enable")) EndExcuse();
}

LEAKTRACK_EXPORT void __lsan_ignore_object(const void* block) {
  if (PassedOn("__lsan_ignore_object", block)) return;
  NoteExcuse();
  MarkImmortal(block);
}

LEAKTRACK_EXPORT void __lsan_register_root_region(const void* start, size_t bytes) {
  if (!PassedOn("__lsan_register_root_region", start, bytes)) RegisterRootRegion(start, bytes);
}

LEAKTRACK_EXPORT void __lsan_unregister_root_region(const void* start, size_t bytes) {
  if (!PassedOn("__lsan_unregister_root_region", start, bytes)) UnregisterRootRegion(start, bytes);
}

LEAKTRACK_EXPORT void __lsan_do_leak_check() {
  LEAKTRACK_HELD_STACK(stack);
  if (!PassedOn("__lsan_do_leak_check")) (void)HoldForLook(HoldMoment::kCheck, stack);
}

LEAKTRACK_EXPORT int __lsan_do_recoverable_leak_check() {
  LEAKTRACK_HELD_STACK(stack);
  if (IsTrackedProcess()) return HoldForLook(HoldMoment::kRecoverableCheck, stack) ? 1 : 0;
  void* const next = FindSymbolInLinkMap("__lsan_do_recoverable_leak_check");
  return next != nullptr ? reinterpret_cast<int (*)()>(next)() : 0;
}
