// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/real/link_scope.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/platform/modules/loaded_elf.h"
#include "libtrack/platform/os/link_object.h"

namespace leaktrack::track {
namespace {

constexpr size_t kLargestScope = 64;

constinit std::atomic<const link_map*> g_last_of_start{nullptr};

// Objects in the order in which the loader searches them.
struct Scope {
  const link_map* objects[kLargestScope];
  size_t count = 0;

  bool Contains(const link_map* object) const {
    for (size_t i = 0; i < count; ++i) {
      if (objects[i] == object) return true;
    }
    return false;
  }
  void Add(const link_map* object) {
    if (count < kLargestScope && !Contains(object)) objects[count++] = object;
  }
};

// Breadth first from `root`.
void FillScope(const link_map* root, Scope& scope) {
  scope.count = 0;
  scope.Add(root);
  for (size_t i = 0; i < scope.count; ++i) {
    const link_map* needed;
    for (size_t k = 0; (needed = NeededObject(scope.objects[i], k)) != nullptr; ++k)
      scope.Add(needed);
  }
}

const link_map* FirstLateObject() {
  const link_map* const last = g_last_of_start.load(std::memory_order_acquire);
  return last != nullptr ? last->l_next : nullptr;
}

// Searches only objects that came by dlopen.
const link_map* LateObjectOf(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  for (const link_map* object = FirstLateObject(); object != nullptr; object = object->l_next) {
    LoadedElf image;
    if (ReadLoadedElf(object->l_addr, image) && at >= image.start && at < image.end) return object;
  }
  return nullptr;
}

FoundSymbol FindInScope(const Scope& scope, const char* name) {
  for (size_t i = 0; i < scope.count; ++i) {
    if (void* found = FindInObject(scope.objects[i], name); found != nullptr && !IsOurs(found)) {
      return {found, scope.objects[i]};
    }
  }
  return {};
}

}  // namespace

void NoteObjectsOfStart() {
  if (g_last_of_start.load(std::memory_order_relaxed) != nullptr) return;
  const link_map* last = FirstObject();
  while (last != nullptr && last->l_next != nullptr) last = last->l_next;
  g_last_of_start.store(last, std::memory_order_release);
}

ScopedSymbol FindForCaller(const char* name, const void* caller) {
  const FoundSymbol first = FindNextInLinkMap(name);
  for (const link_map* late = FirstLateObject(); first.object != late; late = late->l_next) {
    if (late == nullptr) return {first, true};
  }
  const link_map* const object = LateObjectOf(caller);
  for (const link_map* root = FirstLateObject(); object != nullptr && root != nullptr;
       root = root->l_next) {
    Scope scope;
    FillScope(root, scope);
    if (!scope.Contains(object)) continue;
    const FoundSymbol found = FindInScope(scope, name);
    if (found.address != nullptr) return {found, false};
    break;
  }
  return {first, false};
}

}  // namespace leaktrack::track
