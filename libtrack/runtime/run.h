// SPDX-License-Identifier: Apache-2.0
//
// One tracked life of a process: how it starts, what the hooks ask of it, how it ends.
//
//   constructor   StartLibrary(): real functions, options, image, capture file, drainer; the gate
//                 opens last
//   hook          may this thread record now? A fork child notices there that it is one.
//   end           EndRun() from exit, _exit, quick_exit, exec: a final epoch; the recorder goes
//
// Fork: a child inherits a shut gate and an empty filter (MADV_WIPEONFORK), so it is inert without
// anybody having run; its first slow path starts a run of its own, with its own recorder, capture
// and thread. Why not at fork: most children exec at once, and atfork handlers do not see clone().
// vfork children are the parent's heap and are recorded as it; only ends of life ask who is who
// (raw::tenancy, the pid, and the list of robust locks that a clone does not inherit).
//
// Thread-safety: what hooks ask, from any thread; the rest serialises itself.
// Allocates: never from the program's heap, but for pthread_create.
// Signals: what hooks ask is safe.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_RUN_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_RUN_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/notes.h"
#include "libtrack/record/tracker.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/image_memory.h"

namespace leaktrack::track {

extern Tracker g_tracker;
extern Filter g_filter __attribute__((visibility("hidden")));

// The countdown of a thread that is not to ask again for that many bytes.
inline constexpr uint64_t kInertBudget = uint64_t{1} << 46;

// From the library's constructor. `environment` is environ.
void StartLibrary(const char* const* environment);

// The thread's state if it may record now and `guard` is held; nullptr: pass the call through.
// Starts a run in a fork child.
ThreadState* FirstStateForRecording(HotThread& hot, const HookGuard& guard);
inline ThreadState* StateForRecording(HotThread& hot, const HookGuard& guard) {
  if (!g_filter.is_open() || hot.state == nullptr) [[unlikely]]
    return FirstStateForRecording(hot, guard);
  return guard.IfStillHeld(hot.state);
}

// After a call that was passed through: counted, if it was because another guard is held.
void CountIfNested(const HookGuard& guard);

// Is the gate open, or can it be opened (fork child)? False: inert, starting, or over; the thread's
// countdown is then set so that it does not ask again soon.
bool MayRecord(HotThread& hot);

// Milliseconds since the start of the run. In exact mode by the drainer's look at the clock, at
// most one tick old.
uint64_t NowMsByClock();
// Only in exact mode.
inline uint64_t NowMsOfExact() {
  if (DrainerRuns()) [[likely]]
    return ImageHeader()->tick_ms.load(std::memory_order_relaxed);
  return NowMsByClock();
}
inline uint64_t NowMs() { return g_tracker.exact() ? NowMsOfExact() : NowMsByClock(); }

// The walk that the options chose.
WalkResult WalkStack(ThreadState& state, const StackStart& start);

// The run ends as `state`. Does nothing in a vfork child, when called twice, or when inert.
void EndRun(capture::RunState state);

// abort(): says so in the recorder, nothing else; a later signal handler may still go on.
void NoteCrash();

// exec: ends the run, and notes what will run untracked, also of a forked child; AfterFailedExec
// takes both back.
NoteHandle BeforeExec(const char* path, const char* const* environment);
void AfterFailedExec(NoteHandle note);

// pthread_exit: if this is the main thread, the C library will end the process when the last other
// thread ends, and must not wait for ours; also for that of a run which starts later.
void BeforeMainThreadEnds();

// The same for a thread that cancels it: it may end by that, or may not.
void BeforeMainThreadIsCancelled();

// Is there a run, and is this the process that it is of?
bool IsTrackedProcess();

// Waits, at most two seconds, while another thread starts a run.
void AwaitStart();

// A drainer for the run again, as the process needs it by now; the recorder says if there is none.
void StartDrainerAgain();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_RUN_H_
