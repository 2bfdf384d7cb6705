// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/stack_root.h"

#include <unistd.h>

#include "libtrack/platform/os/c_library.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kNear = 4096;

constinit uintptr_t g_first_stack = 0;  // where the kernel put the number of arguments

}  // namespace

// Upwards from there lie the number, the arguments, a null, the environment.
void NoteFirstStack() {
  if (IsGlibc() || environ == nullptr) return;
  const auto* word = reinterpret_cast<const uintptr_t*>(environ) - 2;
  for (uintptr_t arguments = 0; *word != arguments; --word) ++arguments;
  g_first_stack = reinterpret_cast<uintptr_t>(word);
}

bool IsRootWithoutRule(uintptr_t sp) {
  if (IsGlibc()) return false;
  const auto control_block = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  return g_first_stack - sp < kNear || control_block - sp < kNear;
}

}  // namespace leaktrack::track
