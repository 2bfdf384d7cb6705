// SPDX-License-Identifier: Apache-2.0
//
// The drainer: the one thread that writes the capture file, so that no thread of the program ever
// waits for a disk.
//
// Once a second it commits pages ahead of the tables, reads the process's memory, and writes an
// epoch. It can be stopped and joined in under 100 ms, for an ordinary end (with a final epoch) or
// for a call that does not bear a second thread (unshare, setns, a seccomp filter), and started
// again.
//
// Thread-safety: Start, Pause, Call and Finish from one thread at a time (runtime/careful_calls.h
// sees to it).
// Allocates: its private memory from the kernel.
// Signals: unsafe.
// Fork: the child calls ForgetDrainer first.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_DRAINER_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_DRAINER_H_

#include <atomic>
#include <cstdint>

#include "libtrack/runtime/threads.h"

namespace leaktrack::track {

inline constexpr uint64_t kEpochNs = 1'000'000'000;
inline constexpr uint64_t kExactTickNs =
    10'000'000;  // exact mode reads the clock from the drainer's tick
inline constexpr uint64_t kStopTimeoutNs = 90'000'000;

struct DrainerFiles {
  int capture_fd;   // open for writing, or -1: no capture file
  int recorder_fd;  // of the recorder, or -1: anonymous memory
  const char* recorder_path;
  // The drainer keeps the program's descriptor table, checks before each write that its number is
  // still its file, and ends when no other thread is left: the C library then ends the process on
  // it, and what the program has buffered must reach the program's files. For a program whose main
  // thread ends by pthread_exit.
  bool share_descriptors;
};

// Starts the thread and waits, at most 1 s, until it has descriptors of its own; the caller may
// then close the two. A busy machine, or a cgroup whose share of the processor is used up, needs a
// few times 100 ms; whoever is late does not run at all. False: there is no drainer.
[[nodiscard]] bool StartDrainer(const DrainerFiles& files);

// Writes the header page of the capture that the caller has opened, on the caller's thread and by
// the very next call. Not beyond RLIMIT_FSIZE: this thread does not block the signal. False on a
// full disk: a drainer tries again with every epoch.
bool BeginCapture(int capture_fd, const char* recorder_path);

// Stops the thread without a final epoch. True if it is gone.
bool PauseDrainer();

// Stops the thread after a final epoch. True if that epoch is in the file and the recorder is no
// longer needed.
bool FinishDrainer();

// Has the drainer's thread call `function`, and waits for that, at most two seconds. False: it was
// not called, and never will be. One caller at a time; the function must not wait.
[[nodiscard]] bool CallOnDrainer(void (*function)());

// It is to repeat what was posted (own_changes.h).
void WakeDrainer();

// The id of its thread, while it runs.
int DrainerThreadId();

// The final epoch of a run that has no drainer, on the calling thread, which takes no signal
// meanwhile: the program ends, and its recorder need not stay. `capture_fd` is open for writing,
// and stays the caller's. True if the epoch is in the file.
bool FinishWithoutDrainer(int capture_fd);

// Asks for an epoch now, and does not wait for it. Ten a second are granted.
void RequestEpoch();

// Where the thread's life stands; drainer.cc alone writes it.
struct DrainerPhase {
  enum : uint32_t { kNone = 0, kStarting, kRunning, kStopped };
};
extern std::atomic<uint32_t> g_drainer_phase __attribute__((visibility("hidden")));  // futex

inline bool DrainerRuns() {
  return g_drainer_phase.load(std::memory_order_acquire) == DrainerPhase::kRunning;
}

// Whether the calling thread may do what is the drainer's alone: it is the drainer, or there is
// none.
inline bool ActsForDrainer() { return !DrainerRuns() || IsOurOwnThread(hot_thread); }

// In a fork child: the parent's drainer is not here. Its private memory is given back.
void ForgetDrainer();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_DRAINER_H_
