// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/guard.h"

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/walk/stack_probe.h"

namespace leaktrack::track {
namespace {

enum class Other { kAlive, kDead, kUndecided };

// Hides the address from the compiler, which may assume that it knows the value there.
uintptr_t Load(const volatile uint64_t& word) {
  return LoadStackWord(reinterpret_cast<uintptr_t>(const_cast<const uint64_t*>(&word)));
}

}  // namespace

// Takes over from the guard at `place` if that guard is abandoned.
[[gnu::noinline]] void GuardPlace::TakeOver(HotThread& hot, const void* place) {
  const auto* const other = static_cast<const GuardPlace*>(place);
  const bool many =
      ++hot.guard_refusals >= kAbandonedAfter && hot.guards_taken_over < kMostTakenOver;
  const auto judge = [&] {
    if (other == this) return Other::kDead;  // two live guards cannot share an address
    if (raw::Forbidden()) return many ? Other::kUndecided : Other::kAlive;
    if (!raw::Readable(other) || Load(other->mark_) != MarkOf(other)) return Other::kDead;
    const uintptr_t frame = Load(other->frame_);  // or what has been written there since
    if (!raw::Readable(reinterpret_cast<const void*>(frame + 8))) return Other::kDead;
    if (LoadStackWord(frame + 8) != Load(other->caller_)) return Other::kDead;
    if (frame_ <= frame) return Other::kAlive;
    if (IsOwnStackFrom(frame)) return Other::kDead;
    return many ? Other::kUndecided : Other::kAlive;
  };
  const Other verdict = judge();
  if (verdict == Other::kAlive || !Replace(hot.guard_place, place, this)) return;
  hot.guard_refusals = 0;
  if (verdict == Other::kUndecided) {
    ++hot.guards_taken_over;
    hot.state = nullptr;
  }
}

}  // namespace leaktrack::track
