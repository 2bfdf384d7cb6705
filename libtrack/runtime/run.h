// SPDX-License-Identifier: Apache-2.0
//
// One tracked life of a process: how it starts, what the hooks ask of it, how it ends.
//
//  constructor   StartLibrary(): real functions, options, image, capture file, drainer; the gate
//                opens last
//  hook          may this thread record now? A fork child notices there that it is one.
//  end           EndRun() from exit, _exit, quick_exit, exec: a final epoch; the recorder goes away
//
// Below the first process of a tree a run is born late, and until then the process is young
// (youth.h). In exact mode each run begins at once.
//
// Fork: a child inherits a shut gate and an empty filter (MADV_WIPEONFORK), so it is inert without
// any code having run. Its first slow path starts a run of its own, with its own recorder, capture
// and thread. Why not at the fork: most children exec at once, and atfork handlers do not see
// clone(). A vfork child works on its parent's heap and is recorded as its parent. Only the calls
// that end a life ask which process it is (raw::tenancy, the pid, and the list of robust locks,
// which a clone does not inherit).
//
// Thread-safety: what hooks call: any thread; the rest serialises itself.
// Allocates: never from the program's heap, but for pthread_create.
// Signals: what hooks call is safe.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_RUN_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_RUN_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/notes.h"
#include "libtrack/record/tracker.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/image_memory.h"

namespace leaktrack::track {

extern Tracker g_tracker;
extern Filter g_filter __attribute__((visibility("hidden")));

// The budget of a thread that need not ask again for that many bytes.
inline constexpr uint64_t kInertBudget = uint64_t{1} << 46;

// Called by the library's constructor. `environment` is environ.
void StartLibrary(const char* const* environment);

// Returns the thread's state if it may record now and `guard` is held. nullptr: pass the call
// through. Starts a run in a fork child.
ThreadState* FirstStateForRecording(HotThread& hot, const HookGuard& guard);
inline ThreadState* StateForRecording(HotThread& hot, const HookGuard& guard) {
  if (!g_filter.is_open() || hot.state == nullptr) [[unlikely]]
    return FirstStateForRecording(hot, guard);
  return guard.IfStillHeld(hot.state);
}

// True if nothing is recorded yet, but samples are to be kept (youth.h).
bool IsYoung();

// Starts the run of a young process, inside a hook. `state` is that of BeginYouthfulCall(). True:
// it records now.
bool GiveBirth(HotThread& hot, const HookGuard& guard, const ThreadState* state);

// Before a call after which a run can no longer begin, or that only a run can note. Does nothing
// in a fork child, whose parent would have been asked.
void BeBornBeforeCall();

// After a call that was passed through: counts it if another guard is held.
void CountIfNested(const HookGuard& guard);

// True if the gate is open or can be opened (fork child). False: inert, starting, or ended; the
// thread's countdown is then set so that it does not ask again soon.
bool MayRecord(HotThread& hot);

// Milliseconds since the start of the run.
uint64_t NowMsByClock();
// The same in exact mode: the drainer's last reading of the clock, at most one tick old.
inline uint64_t NowMsOfExact() {
  if (DrainerRuns()) [[likely]]
    return ImageHeader()->tick_ms.load(std::memory_order_relaxed);
  return NowMsByClock();
}
inline uint64_t NowMs() { return g_tracker.exact() ? NowMsOfExact() : NowMsByClock(); }

// Walks the stack with the unwinder that the options chose.
WalkResult WalkStack(ThreadState& state, const StackStart& start);

// Ends the run with `state`. Does nothing in a vfork child, on a second call, or when inert.
void EndRun(capture::RunState state);

// abort(): notes it in the recorder and nothing else. A signal handler may still let the program go
// on.
void NoteCrash();

// exec: ends the run, and notes a program that will run untracked, also for a forked child.
// AfterFailedExec takes both back.
NoteHandle BeforeExec(const char* path, const char* const* environment);
void AfterFailedExec(NoteHandle note);

// pthread_exit: if this is the main thread, the C library will end the process when the last other
// thread ends, and it must not wait for ours. This also holds for a run that starts later.
void BeforeMainThreadEnds();

// The same for a thread that cancels the main thread, which may or may not end by that.
void BeforeMainThreadIsCancelled();

// True if there is a run, and it is a run of this process.
bool IsTrackedProcess();

// Waits, at most two seconds, while another thread starts a run.
void AwaitStart();

// Starts a drainer again for the run, in the form that the process needs now. The recorder notes if
// there is none.
void StartDrainerAgain();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_RUN_H_
