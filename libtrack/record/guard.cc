// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/guard.h"

#include "libtrack/platform/raw.h"
#include "libtrack/platform/stack_probe.h"

namespace leaktrack::track {

// `frame` is that of the function that wants to enter.
[[gnu::noinline]] bool ReentrancyGuard::OtherIsAbandoned(uintptr_t frame) const {
  const bool many = ++hot_.guard_refusals >= kAbandonedAfter;
  const auto* const other = static_cast<const ReentrancyGuard*>(hot_.guard_place);
  if (other == nullptr) return many;
  if (other == this) return true;  // two that live do not lie at one place
  if (raw::Forbidden()) return many && frame > hot_.guard_frame;
  if (!raw::Readable(other)) return true;
  // The compiler may think that it knows what lies there.
  const bool marked = LoadStackWord(reinterpret_cast<uintptr_t>(&other->mark_)) == MarkOf(hot_.guard_serial) &&
                      LoadStackWord(hot_.guard_frame + 8) == LoadStackWord(reinterpret_cast<uintptr_t>(&other->caller_));
  if (!marked) return true;
  return frame > hot_.guard_frame && (many || IsOwnStackFrom(hot_.guard_frame));
}

}  // namespace leaktrack::track
