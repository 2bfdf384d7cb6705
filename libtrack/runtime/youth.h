// SPDX-License-Identifier: Apache-2.0
//
// The youth of a process: the time before its run is born.
//
// Below the first process of a tree (tree.h), a process has no file, no recorder and no thread of
// ours until it has lived for 100 ms or allocated 1 MiB. What it samples meanwhile, at the base
// interval, goes into private memory of at most 64 KiB. Its run then begins with that. A process
// that ends before leaves nothing.
//
// One thread samples at a time; another one's sample is dropped and counted. A run is born inside
// an allocation, but not in the loader, in a signal handler or while a thread is created: there the
// next sample is waited for.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe, under the guard.
// Fork: the child begins with an empty youth of its own.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_YOUTH_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_YOUTH_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/cradle.h"
#include "libtrack/record/guard.h"
#include "libtrack/record/thread_state.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {

inline constexpr uint64_t kYouthMs = 100;
inline constexpr uint64_t kYouthBytes = 1 << 20;

// Called by the constructor: from now on this process, or only its children, are young. False: the
// kernel cannot wipe memory on fork.
bool PrepareYouth(uint64_t interval_bytes);
// The same, and this very process is young.
void BeginYouth();

// Called in a fork child. Without it the youth begins at the first sample.
void NoteBeginOfYouth();

// True once, at the end of a young process: not in a process that shares its memory.
bool NoteEndOfYouth();

// True in the process in which BeginYouth() was called, false in its fork children.
bool YouthBeganHere();

// Not null while the calling thread alone may sample. Release it by EndYouthfulCall().
ThreadState* BeginYouthfulCall(HotThread& hot, const HookGuard& guard);
void EndYouthfulCall(const ThreadState* state);

// Takes `size` from the thread's budget. True: the block is to be kept, and a new budget is drawn.
bool JudgeInYouth(HotThread& hot, ThreadState& state, uint64_t size);

// `walk` is that of the block's stack, whose frames are in `state`.
void KeepInYouth(ThreadState& state, const void* block, uint64_t size, const WalkResult& walk);

// True if the run is to be born, and may be at the place that was walked last.
bool IsGrown();
bool IsSafePlace(const ThreadState& state, const WalkResult& walk);

// The program frees a block that may have been kept. Cradle::kNone or kMoved: ask the tracker.
Cradle::State TakeInYouth(const void* block, Cradle::Block** taken);
// The program keeps it after all.
void PutBackInYouth(Cradle::Block& block);

// Milliseconds since the first block that was kept, for the run that is being born.
uint64_t YouthMs();
// True if the module map of this process is bound.
bool YouthHasModules();

// Enters what was kept into the run that has just been bound, then forgets it.
void EnterYouth(const GuardTicket& ticket, ThreadState& state, Tracker& tracker, Filter& filter);
// Gives the memory back. The gate is open, or nothing will be recorded.
void EndYouth();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_YOUTH_H_
