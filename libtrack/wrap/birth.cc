// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/birth.h"

#include <errno.h>

#include <span>

#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

// Which pool it is stands behind the frames, so that each pool has sites of its own.
uint32_t AddPoolFrame(uint32_t pool, uint32_t frame_count, capture::Frame* frames) {
  if (pool == 0) return frame_count;
  if (frame_count == kMaxFrames) --frame_count;
  frames[frame_count] = capture::MakeFrame(capture::kPoolModule, pool);
  return frame_count + 1;
}

void Record(ThreadState& state, const GuardTicket& ticket, const Birth& birth, const StackStart& start) {
  const uint64_t now_ms = NowMs();
  Sample sample;
  if (!g_tracker.Judge(hot_thread, state, birth.size, now_ms, &sample)) return;
  if (birth.pool != 0 && !AnnouncePool(birth.pool)) return;
  const WalkResult walk = WalkStack(state, start);
  if (walk.frame_count == 0) g_tracker.Count(capture::kLostUnwind);
  if (walk.truncated) g_tracker.Count(capture::kTruncatedStacks);
  const uint32_t frames = AddPoolFrame(birth.pool, walk.frame_count, state.frames);
  const capture::SiteId site =
      g_tracker.Intern(birth.pool == 0 ? capture::SiteKind::kHeap : capture::SiteKind::kPool,
                       std::span<const capture::Frame>(state.frames, frames), walk.truncated);
  g_tracker.Insert(ticket, state, const_cast<void*>(birth.block), birth.size, sample, site, now_ms, birth.link);
}

}  // namespace

void RecordBirth(const Birth& birth, const StackStart& start) {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const ReentrancyGuard guard(hot);
    if (ThreadState* state = StateForRecording(hot, guard); state != nullptr) {
      Record(*state, guard.ticket(), birth, start);
    } else {
      CountIfNested(guard);
    }
  }
  errno = saved_errno;
}

void SettleRemoved(const Removed& removed) {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const ReentrancyGuard guard(hot);
    g_tracker.SettleDeath(guard.IfStillHeld(hot.state), removed, NowMs());
  }
  errno = saved_errno;
}

}  // namespace leaktrack::track
