// SPDX-License-Identifier: Apache-2.0
//
// The drainer is the only thread that writes the capture file, so no thread of the program ever
// waits for a disk.
//
// Once a second it commits pages ahead of the tables, reads the process's memory figures, and
// writes an epoch. It can be stopped and joined in under 100 ms: for a normal end (with a final
// epoch), or for a call that fails if there is a second thread (unshare, setns, a seccomp filter).
// It can be started again.
//
// Thread-safety: Start, Pause, Call and Finish from one thread at a time (careful_calls.h).
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
// Exact mode reads the time from the drainer's tick.
inline constexpr uint64_t kExactTickNs = 10'000'000;
inline constexpr uint64_t kStopTimeoutNs = 90'000'000;

struct DrainerFiles {
  int capture_fd;   // -1: the recorder is anonymous memory
  int recorder_fd;  // of the recorder; -1: it is anonymous memory
  const char* recorder_path;
  // The drainer keeps using the program's descriptor table. Before each write it checks that its
  // number still names its file. It ends when no other thread is left: the C library then ends the
  // process on this thread, and the program's buffered output must reach the program's files. For a
  // program whose main thread ends by pthread_exit.
  bool share_descriptors;
};

// Starts the thread and waits, at most 1 s, until it has its own descriptors. The caller may then
// close the two. A busy machine, or a cgroup that has used up its share of the processor, needs
// several 100 ms. A thread that is too late does not run at all. False: there is no drainer.
[[nodiscard]] bool StartDrainer(const DrainerFiles& files);

// Writes the header page of the capture that the caller has opened. It does so on the caller's
// thread and with the very next system call. It must not write beyond RLIMIT_FSIZE, because this
// thread does not block that signal. False on a full disk: the drainer tries again with every
// epoch.
bool BeginCapture(int capture_fd, const char* recorder_path);

// Stops the thread without a final epoch. True if the thread is gone.
bool PauseDrainer();

// Stops the thread after a final epoch. True if that epoch is in the file and the recorder is no
// longer needed.
bool FinishDrainer();

// Has the drainer's thread call `function`, and waits for it, at most two seconds. False: it was
// not called and never will be. One caller at a time; the function must not wait.
[[nodiscard]] bool CallOnDrainer(void (*function)());

// Wakes the drainer to repeat what was posted (own_changes.h).
void WakeDrainer();

// The thread id of the drainer while it runs.
int DrainerThreadId();
// Where its thread-local storage ends.
uint64_t DrainerThreadPointer();

// Writes the final epoch of a run without a drainer, on the calling thread, which must take no
// signals meanwhile. The program is ending, and its recorder need not stay. `capture_fd` is open
// for writing and stays the caller's. True if the epoch is in the file.
bool FinishWithoutDrainer(int capture_fd);

// Asks for an epoch now and does not wait for it. At most ten per second are granted.
void RequestEpoch();

// The state of the thread. Only drainer.cc writes it.
struct DrainerPhase {
  enum : uint32_t { kNone = 0, kStarting, kRunning, kStopped };
};
extern std::atomic<uint32_t> g_drainer_phase __attribute__((visibility("hidden")));  // futex

inline bool DrainerRuns() {
  return g_drainer_phase.load(std::memory_order_acquire) == DrainerPhase::kRunning;
}

// True if the calling thread may do what only the drainer may: it is the drainer, or there is none.
inline bool ActsForDrainer() { return !DrainerRuns() || IsOurOwnThread(hot_thread); }

// For a fork child, which does not have its parent's drainer. Gives the drainer's private memory
// back.
void ForgetDrainer();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_DRAINER_H_
