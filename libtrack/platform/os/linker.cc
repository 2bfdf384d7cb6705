// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/linker.h"

#include <cstdint>

#include "libtrack/platform/os/link_object.h"

// The bounds of this library's own image, from the linker.
extern "C" __attribute__((visibility("hidden"))) const char __ehdr_start[];
extern "C" __attribute__((visibility("hidden"))) const char _end[];

namespace leaktrack::track {

bool IsOurs(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  return at >= reinterpret_cast<uintptr_t>(__ehdr_start) && at < reinterpret_cast<uintptr_t>(_end);
}

void* FindSymbolInLinkMap(const char* name) { return FindNextInLinkMap(name).address; }

void* FindFirstSymbol(const char* name) {
  for (const link_map* object = FirstObject(); object != nullptr; object = object->l_next) {
    if (void* found = FindInObject(object, name); found != nullptr) return found;
  }
  return nullptr;
}

FoundSymbol FindNextInLinkMap(const char* name) {
  bool passed_us = false;
  for (const link_map* object = FirstObject(); object != nullptr; object = object->l_next) {
    if (!passed_us) {
      passed_us = IsOurs(object->l_ld);
      continue;
    }
    if (void* found = FindInObject(object, name); found != nullptr) return {found, object};
  }
  return {};
}

}  // namespace leaktrack::track
