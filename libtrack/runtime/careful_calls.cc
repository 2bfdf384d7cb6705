// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/careful_calls.h"

#include <linux/capability.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

constexpr int64_t kTurnTimeoutNs = 1'000'000'000;
constexpr uint64_t kTurnNapNs = 10'000'000;
constexpr int kTriesToEnd = 8;  // of at most 180 ms each

constinit std::atomic<uint32_t> g_turn{0};         // id of the thread that has the turn; futex
constinit std::atomic<bool> g_helper_owed{false};  // ended for a filter, and not started again

// False in a handler that interrupted its own thread's turn, and after a second.
bool TakeTurn() {
  const auto self = static_cast<uint32_t>(raw::Gettid());
  const int64_t deadline = ReadClockNs(CLOCK_MONOTONIC) + kTurnTimeoutNs;
  for (uint32_t holder = 0; !g_turn.compare_exchange_strong(holder, self); holder = 0) {
    if (holder == self || ReadClockNs(CLOCK_MONOTONIC) > deadline) return false;
    WaitWhile(&g_turn, holder, kTurnNapNs);
  }
  return true;
}

void GiveTurn() {
  g_turn.store(0);
  WakeAll(&g_turn);
}

bool MayActForRun() { return !raw::Forbidden() && IsTrackedProcess(); }

// The state that decides how a set-id call ends.
struct Standing {
  uint32_t users[3], groups[3];
  uint32_t may_set;  // CAP_SETUID and CAP_SETGID in effect

  bool operator==(const Standing&) const = default;
};

uint32_t ReadMaySet(int thread) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, thread};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  raw::Call(SYS_capget, raw::Ptr(&header), raw::Ptr(data));
  return data[0].effective & (1U << CAP_SETUID | 1U << CAP_SETGID);
}

Standing ReadStanding() {
  Standing standing{};
  uint32_t* const user = standing.users;
  uint32_t* const group = standing.groups;
  raw::Call(SYS_getresuid, raw::Ptr(user), raw::Ptr(user + 1), raw::Ptr(user + 2));
  raw::Call(SYS_getresgid, raw::Ptr(group), raw::Ptr(group + 1), raw::Ptr(group + 2));
  standing.may_set = ReadMaySet(0);
  return standing;
}

// What is known of the helper. Written by the thread that has the turn, and by the helper on an
// errand.
struct HelperState {
  int thread;  // the helper's thread; a new helper inherits the state of the thread that started it
  Standing standing;
  bool standing_known;
};
constinit HelperState g_helper{};

HelperState& Helper() {
  const int thread = DrainerThreadId();
  if (g_helper.thread != thread) g_helper = {.thread = thread};
  return g_helper;
}

void NoteStanding() { g_helper.standing = ReadStanding(); }

// Asks the helper only if its known state differs, because a program may change its effective
// identity thousands of times a second. The kernel tells the capabilities.
bool HelperIsLikeUs() {
  HelperState& helper = Helper();
  if (FellBehind()) return false;
  const Standing ours = ReadStanding();
  if (helper.standing_known) {
    helper.standing.may_set = ReadMaySet(helper.thread);
    if (helper.standing == ours) return true;
  }
  helper.standing_known = CallOnDrainer(NoteStanding);
  return helper.standing_known && helper.standing == ours;
}

// The last of the threads that failed to install a filter restarts the helper that one of them
// ended.
void StartOwedHelper(bool has_turn) {
  if (!has_turn && g_helper_owed.load()) has_turn = TakeTurn();
  AfterCarefulCall({.has_turn = has_turn, .had_helper = has_turn && g_helper_owed.exchange(false)});
}

void Post(const OwnChange& change) {
  if (!HasRoomForOwnChange()) (void)CallOnDrainer(NoteStanding);  // this empties the queue
  PostOwnChange(change);
  Helper().standing_known = false;
}

// Gives a busy helper more time to end, because the call that follows cannot work beside it.
CarefulCall WithoutHelper(bool has_turn) {
  bool ended = false;
  for (int tries = 0; tries < kTriesToEnd && !ended && DrainerRuns(); ++tries)
    ended = PauseDrainer();
  return {.has_turn = has_turn, .had_helper = ended};
}

}  // namespace

CarefulCall BeforeCallAlone() {
  BeBornBeforeCall();
  if (!MayActForRun() || !TakeTurn()) return {};
  return WithoutHelper(true);
}

CarefulCall BeforeIdentityCall() {
  BeBornBeforeCall();
  if (!MayActForRun() || !DrainerRuns() || !TakeTurn()) return {};
  if (HelperIsLikeUs()) return {.has_turn = true, .helper_follows = true};
  return WithoutHelper(true);
}

// A fork child that has recorded nothing yet has no run to pause, and none may start any more. A
// vfork child filters itself, not us. If another thread is installing a filter, or has installed
// one, this only raises the count: one of the two may fail.
CarefulCall BeforeFilter() {
  if (raw::Borrowed()) return {};
  BeBornBeforeCall();
  CarefulCall call;
  if (raw::Forbidden()) {
    call.forbade = true;
  } else {
    AwaitStart();
    const bool own = IsTrackedProcess();
    if (own) call = WithoutHelper(TakeTurn());
    call.forbade = own || !g_filter.is_open();
  }
  if (call.had_helper) g_helper_owed.store(true);
  if (call.forbade) raw::forbidden.fetch_add(1);
  return call;
}

// Where another thread just ends or starts the helper, that one is waited for.
CarefulCall BeforeOwnChange() {
  BeBornBeforeCall();
  if (!MayActForRun() || raw::Gettid() != raw::Getpid()) return {};
  if (!DrainerRuns() && g_turn.load() == 0) return {};
  const bool has_turn = TakeTurn();
  return {.has_turn = has_turn, .too_late = !has_turn};
}

void AfterCarefulCall(const CarefulCall& call) {
  // A handler may have forked in the middle of the call. Its child must not start a helper for us.
  if (call.had_helper && IsTrackedProcess()) StartDrainerAgain();
  // The helper was in the same state and has made the same call.
  if (call.helper_follows) g_helper.standing = ReadStanding();
  if (call.has_turn) GiveTurn();
}

void AfterFilter(const CarefulCall& call, bool in_force) {
  if (in_force && raw::Borrowed()) raw::tenancy = raw::kFilteredBorrower;
  const bool was_last = call.forbade && !in_force && raw::forbidden.fetch_sub(1) == 1;
  if (was_last) return StartOwedHelper(call.has_turn);
  if (call.had_helper) ImageHeader()->no_thread = 1;
  if (call.has_turn) g_turn.store(0);  // no wake-up: that would be a system call
}

// A helper that fell behind earlier ends by itself once it goes on (drainer.cc); it is not waited
// for again and again.
void AfterOwnChange(const CarefulCall& call, const OwnChange& change) {
  if (call.too_late) {
    FallBehind();
    return WakeDrainer();
  }
  if (!call.has_turn || !DrainerRuns()) return;
  if (!FellBehind()) {
    Post(change);
    if (FellBehind() && PauseDrainer()) return AfterCarefulCall({.had_helper = true});
  }
  WakeDrainer();
}

void ForgetTurn() {
  g_helper = {};
  g_helper_owed.store(false);
  ForgetOwnChanges();
  g_turn.store(0);
}

}  // namespace leaktrack::track
