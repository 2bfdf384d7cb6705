// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/drainer.h"

#include <sys/prctl.h>

#include <atomic>
#include <cstring>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/write/header_page.h"
#include "libtrack/capture/write/history_writer.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/platform/os/process_memory.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/record/thread_state.h"
#include "libtrack/runtime/allocator_watch.h"
#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/capture_file.h"
#include "libtrack/runtime/identity.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/last_thread.h"
#include "libtrack/runtime/own_changes.h"
#include "libtrack/runtime/threads.h"
#include "libtrack/runtime/writer_memory.h"

namespace leaktrack::track {

constinit std::atomic<uint32_t> g_drainer_phase{DrainerPhase::kNone};

namespace {

using capture::EpochKind;
using capture::FileOps;
using capture::HistoryWriter;

constexpr uint64_t kLastThreadPollNs = 50'000'000;
constexpr uint64_t kStartTimeoutNs = 1'000'000'000;
constexpr int64_t kErrandTimeoutNs = 2'000'000'000;
constexpr int64_t kGoneTimeoutNs = 1'000'000'000;
constexpr int64_t kShortestEpochNs = 100'000'000;  // minimum between requested epochs

enum Request : uint32_t { kGoOn = 0, kPause, kFinish, kAbandoned, kEpochNow, kErrandNow };

// A call that another thread wants made on the drainer's thread.
enum ErrandState : uint32_t { kNoErrand = 0, kPosted, kTaken, kDone };
struct Errand {
  std::atomic<uint32_t> state;  // ErrandState; futex
  void (*function)();
};
constinit Errand g_errand{};

struct Drainer {
  std::atomic<uint32_t> request;  // Request; futex
  std::atomic<bool> final_written;
  bool begun;        // the capture has its header page
  bool page_is_old;  // the header page on disk is out of date
  bool share_descriptors;
  bool private_descriptors;
  CaptureFile file;
  int tid;
  uint64_t thread_pointer;
  RecorderFile image;  // with the drainer's own descriptor
  const char* recorder_path;
  HistoryWriter* writer;
  ProcessMemoryReader memory_reader;
  AllocatorWatch allocator;
};
constinit Drainer g_drainer{};
// Not on the stack: the stack of a forked child's coroutine may be 4 KiB.
constinit capture::FileHeader g_page{};
constinit char g_command[1024]{};

// If the program shares our descriptor table, each write asks whose number it is.
bool StillOurFile() { return g_drainer.private_descriptors || g_drainer.file.IsSame(); }

bool WriteUnasked(void*, const void* data, size_t bytes, uint64_t offset) {
  return g_drainer.file.Write(data, bytes, offset);
}

bool WriteAt(void*, const void* data, size_t bytes, uint64_t offset) {
  return g_drainer.file.fd() >= 0 && StillOurFile() && g_drainer.file.Write(data, bytes, offset);
}

constexpr FileOps kFileOps{nullptr, WriteAt, nullptr};
constexpr FileOps kNewFileOps{nullptr, WriteUnasked, nullptr};

bool PlaceWriter() {
  if (g_drainer.writer != nullptr) return true;
  g_drainer.writer = NewHistoryWriter(*ImageHeader());
  if (g_drainer.writer == nullptr) return false;
  g_drainer.writer->Start(kFileOps, *ImageHeader());
  return true;
}

bool WritePage(const FileOps& ops) {
  g_drainer.begun = capture::WriteHeaderPage(ops, *ImageHeader(), g_drainer.recorder_path, &g_page);
  return g_drainer.begun;
}

// A server that forks writes a title over each process's arguments, but later than the run begins.
// And a limit may be moved. Checks for both after 1, 2, 4, 8 ... epochs.
void LookAtNames() {
  const uint32_t epochs = g_drainer.writer->committed_epochs();
  if ((epochs & (epochs - 1)) != 0 && !g_drainer.page_is_old) return;
  capture::RecorderHeader& header = *ImageHeader();
  if (ReadCommandAnew(g_command) && std::strcmp(g_command, header.command) != 0) {
    std::memcpy(header.command, g_command, sizeof header.command);
    g_drainer.page_is_old = true;
  }
  const uint64_t limit_id = g_drainer.memory_reader.LimitId();
  g_drainer.page_is_old |=
      header.limit_id.exchange(limit_id, std::memory_order_relaxed) != limit_id;
  if (!g_drainer.page_is_old) return;
  g_drainer.page_is_old =
      !capture::WriteHeaderPage(kFileOps, header, g_drainer.recorder_path, &g_page);
}

// Who sent a SIGKILL is told afterwards by the cgroup in which the process died, and by what that
// had counted before.
void NoteCgroup() {
  capture::RecorderHeader& header = *ImageHeader();
  g_drainer.memory_reader.Describe(&header.cgroup);
  if (header.cgroup.id == 0) return;
  header.limit_id.store(g_drainer.memory_reader.LimitId(), std::memory_order_relaxed);
  if (!g_drainer.begun) return;
  g_drainer.page_is_old =
      !capture::WriteHeaderPage(kFileOps, header, g_drainer.recorder_path, &g_page);
}

uint64_t NowMs() {
  const int64_t since_start = MonotonicCoarseNs() - ImageHeader()->start_monotonic_ns;
  return since_start > 0 ? static_cast<uint64_t>(since_start) / 1'000'000 : 0;
}

// Adds what only the allocator and the program know. The allocator is not asked by a drainer that
// must notice when it is the last thread, because the question needs a thread, nor by one that is
// being stopped.
void AskAround(EpochKind kind, capture::MemorySampleRaw* memory) {
  g_drainer.allocator.Look(NowMs(), kind == EpochKind::kPeriodic && !g_drainer.share_descriptors,
                           memory);
  const uint64_t units = ImageHeader()->work_units.load(std::memory_order_relaxed);
  if (units != 0) memory->work_units = static_cast<int64_t>(units);
  NotePressure(*memory);
}

bool WriteEpoch(EpochKind kind) {
  if (!(g_drainer.begun || WritePage(kFileOps)) || !PlaceWriter()) return false;
  capture::MemorySampleRaw memory;
  // Not kept open if the program may close it.
  if (!g_drainer.private_descriptors) g_drainer.memory_reader.Open();
  g_drainer.memory_reader.Read(&memory);
  LookAtNames();
  if (!g_drainer.private_descriptors) g_drainer.memory_reader.Close();
  AskAround(kind, &memory);
  return g_drainer.writer->WriteEpoch(ImageHeader(), memory, NowMs(), kind);
}

// Waits for the next epoch or a request. In exact mode the hooks read the time from tick_ms, so
// this keeps it fresh.
void WaitForNextEpoch(int64_t deadline_ns) {
  const bool exact = ImageHeader()->interval_bytes_now.load(std::memory_order_relaxed) == 1;
  for (;;) {
    ImageHeader()->tick_ms.store(NowMs(), std::memory_order_relaxed);
    const int64_t left = deadline_ns - ReadClockNs(CLOCK_MONOTONIC);
    if (left <= 0 || g_drainer.request.load(std::memory_order_acquire) != kGoOn) return;
    if (g_drainer.share_descriptors && OnlyHelperLeft(ImageHeader()->pid)) return;
    const uint64_t nap = exact                         ? kExactTickNs
                         : g_drainer.share_descriptors ? kLastThreadPollNs
                                                       : kEpochNs;
    WaitWhile(&g_drainer.request, kGoOn,
              static_cast<uint64_t>(left) < nap ? static_cast<uint64_t>(left) : nap);
  }
}

// All threads of the program have ended, and none of them by a call that ends the run.
void NoteEnd() {
  ImageHeader()->end_ms.store(NowMs(), std::memory_order_relaxed);
  ImageHeader()->state.store(static_cast<uint32_t>(capture::RunState::kExited),
                             std::memory_order_release);
}

void RunErrand() {
  uint32_t posted = kPosted;
  if (!g_errand.state.compare_exchange_strong(posted, kTaken)) return;
  g_errand.function();
  g_errand.state.store(kDone);
  WakeAll(&g_errand.state);
}

void WriteFinalEpoch() {
  // The recorder must stay if the capture was removed.
  const bool written =
      WriteEpoch(EpochKind::kFinal) && g_drainer.file.HasName(ImageHeader()->capture_path);
  g_drainer.final_written.store(written, std::memory_order_release);
}

void Drain() {
  int64_t now = ReadClockNs(CLOCK_MONOTONIC), deadline = now + kEpochNs,
          asked = now - kShortestEpochNs;
  for (;;) {
    WaitForNextEpoch(deadline);
    now = ReadClockNs(CLOCK_MONOTONIC);
    const uint32_t request = g_drainer.request.exchange(kGoOn);  // before the errand is looked for
    RepeatOwnChanges();
    RunErrand();
    if (request == kPause) return;
    if (request == kFinish) return WriteFinalEpoch();
    if (FellBehind()) {  // this thread has rights that the program has given up
      ImageHeader()->no_thread = 1;
      return;
    }
    // Otherwise the process would live on for our thread alone.
    if (OnlyHelperLeft(ImageHeader()->pid)) {
      NoteEnd();
      return WriteFinalEpoch();
    }
    if (now < deadline) {
      if (request != kEpochNow || now - asked < kShortestEpochNs) continue;
      asked = now;
    } else {
      deadline += kEpochNs;
      // After a suspend, or if the process was stopped: no burst of epochs.
      if (deadline < now) deadline = now + kEpochNs;
    }
    CommitAhead(g_drainer.image);
    RetryThreadMemory();
    (void)WriteEpoch(EpochKind::kPeriodic);  // the next epoch writes what failed
  }
}

void SetPhase(uint32_t phase) {
  g_drainer_phase.store(phase, std::memory_order_release);
  WakeAll(&g_drainer_phase);
}

// A question to the allocator runs on this thread's TLS, so this thread must outlive it. The
// question lasts as long as a thread of the program holds a lock of the allocator; if that thread
// is stuck, it lasts for ever. Then only a caller that must be the only thread waits for this one,
// with a limit.
void AwaitAllocatorAnswer() {
  std::atomic<uint32_t> never{0};
  for (uint64_t nap = 1'000'000; !g_drainer.allocator.Gone();
       nap = nap < kEpochNs ? nap * 2 : nap) {
    WaitWhile(&never, 0, nap);
  }
}

void* DrainerMain(void*) {
  NeverRecordThread(hot_thread);
  raw::Call(SYS_prctl, PR_SET_NAME, raw::Ptr("leaktrack"));
  g_drainer.tid = raw::Gettid();
  g_drainer.thread_pointer = ThreadPointer();
  g_drainer.private_descriptors = !g_drainer.share_descriptors &&
                                  TakePrivateDescriptors(g_drainer.file.fd(), g_drainer.image.fd);
  // The start came too late, and the program has taken the number.
  if (!g_drainer.file.IsSame()) g_drainer.file.Hold(-1);
  if (g_drainer.private_descriptors) {
    g_drainer.memory_reader.Open();
    NoteCgroup();
  }
  g_drainer.allocator.Begin(NowMs());
  SetOwnerAlive(&ImageHeader()->owner);
  SetPhase(DrainerPhase::kRunning);
  if (g_drainer.request.load(std::memory_order_acquire) != kAbandoned) Drain();
  g_drainer.memory_reader.Close();
  if (g_drainer.file.fd() >= 0 && StillOurFile()) raw::Close(g_drainer.file.fd());
  g_drainer.file.Hold(-1);
  SetOwnerGone(&ImageHeader()->owner);
  SetPhase(DrainerPhase::kStopped);
  AwaitAllocatorAnswer();
  return nullptr;
}

// Waits until the phase is no longer `phase`, at most `timeout_ns`.
bool WaitWhilePhase(uint32_t phase, uint64_t timeout_ns) {
  const int64_t deadline = ReadClockNs(CLOCK_MONOTONIC) + static_cast<int64_t>(timeout_ns);
  while (g_drainer_phase.load(std::memory_order_acquire) == phase) {
    const int64_t left = deadline - ReadClockNs(CLOCK_MONOTONIC);
    if (left <= 0) return false;
    WaitWhile(&g_drainer_phase, phase, static_cast<uint64_t>(left));
  }
  return true;
}

bool Stop(uint32_t request) {
  if (!DrainerRuns()) return false;
  g_drainer.request.store(request, std::memory_order_release);
  WakeAll(&g_drainer.request);
  if (WaitWhilePhase(DrainerPhase::kRunning, kStopTimeoutNs)) return true;
  // Too slow (a disk that hangs): withdraw the request so that the drainer goes on, unless it is
  // about to end.
  if (g_drainer.request.compare_exchange_strong(request, kGoOn)) return false;
  return WaitWhilePhase(DrainerPhase::kRunning, kStopTimeoutNs);
}

// After its last store the drainer's thread needs a moment to leave the kernel, and unshare() would
// still see it.
void AwaitThreadGone() {
  const int64_t deadline = ReadClockNs(CLOCK_MONOTONIC) + kGoneTimeoutNs;
  while (raw::Call(SYS_tgkill, raw::Getpid(), g_drainer.tid, 0) == 0 &&
         ReadClockNs(CLOCK_MONOTONIC) < deadline) {
    raw::Call(SYS_sched_yield);
  }
}

}  // namespace

bool StartDrainer(const DrainerFiles& files) {
  LEAKTRACK_DCHECK(!DrainerRuns());
  LEAKTRACK_DCHECK(ImageHeader() != nullptr);
  g_drainer.file.Hold(files.capture_fd);
  g_drainer.image = g_image_file;
  g_drainer.image.fd = files.recorder_fd;
  g_drainer.recorder_path = files.recorder_path;
  g_drainer.share_descriptors = files.share_descriptors;
  g_drainer.request.store(kGoOn, std::memory_order_relaxed);
  g_drainer.final_written.store(false, std::memory_order_relaxed);
  g_drainer.file.Identify();
  g_drainer_phase.store(DrainerPhase::kStarting, std::memory_order_release);
  if (!StartHelperThread(DrainerMain, nullptr)) {
    g_drainer_phase.store(DrainerPhase::kNone, std::memory_order_release);
    return false;
  }
  if (WaitWhilePhase(DrainerPhase::kStarting, kStartTimeoutNs)) return true;
  // Too late: the caller will close the drainer's descriptors.
  g_drainer.request.store(kAbandoned, std::memory_order_release);
  return false;
}

bool BeginCapture(int capture_fd, const char* recorder_path) {
  g_drainer.file.Hold(capture_fd);
  g_drainer.recorder_path = recorder_path;
  // First of all: until then a kill leaves an empty file.
  const bool begun = WritePage(kNewFileOps);
  g_drainer.file.Identify();
  g_drainer.file.Hold(-1);  // it stays the caller's
  return begun;
}

bool PauseDrainer() {
  if (!Stop(kPause)) return false;
  AwaitThreadGone();
  return true;
}

bool FinishDrainer() {
  if (raw::Forbidden()) return false;
  return Stop(kFinish) && g_drainer.final_written.load(std::memory_order_acquire);
}

void WakeDrainer() {
  uint32_t none = kGoOn;  // any other request wakes the drainer as well
  if (g_drainer.request.compare_exchange_strong(none, kErrandNow)) WakeAll(&g_drainer.request);
}

bool CallOnDrainer(void (*function)()) {
  if (!DrainerRuns() || g_errand.state.load() == kTaken) return false;
  g_errand.function = function;
  g_errand.state.store(kPosted);
  WakeDrainer();
  const int64_t deadline = ReadClockNs(CLOCK_MONOTONIC) + kErrandTimeoutNs;
  for (;;) {
    const uint32_t state = g_errand.state.load();
    if (state == kDone) return true;
    const int64_t left = deadline - ReadClockNs(CLOCK_MONOTONIC);
    uint32_t posted = kPosted;
    const bool too_late = left <= 0 || !DrainerRuns();
    if (too_late && g_errand.state.compare_exchange_strong(posted, kNoErrand)) return false;
    WaitWhile(&g_errand.state, state, too_late ? kExactTickNs : static_cast<uint64_t>(left));
  }
}

int DrainerThreadId() { return g_drainer.tid; }
uint64_t DrainerThreadPointer() { return g_drainer.thread_pointer; }

bool FinishWithoutDrainer(int capture_fd) {
  const uint32_t phase = g_drainer_phase.load(std::memory_order_acquire);
  // A drainer that started late may still write.
  if (phase != DrainerPhase::kNone && phase != DrainerPhase::kStopped) return false;
  g_drainer.file.Hold(capture_fd);
  g_drainer.private_descriptors = false;
  const bool written = g_drainer.file.IsSame() && WriteEpoch(EpochKind::kFinal);
  g_drainer.file.Hold(-1);
  return written;
}

void RequestEpoch() {
  uint32_t none = kGoOn;
  if (raw::Forbidden() || !DrainerRuns() ||
      !g_drainer.request.compare_exchange_strong(none, kEpochNow))
    return;
  WakeAll(&g_drainer.request);
}

void ForgetDrainer() {
  DropHistoryWriter();
  g_drainer.writer = nullptr;
  g_drainer.begun = false;
  g_drainer.page_is_old = false;
  g_drainer.file.Forget();
  g_drainer.private_descriptors = false;
  g_drainer.allocator.Forget();
  ForgetPressure();
  // Its descriptors were never in this process's table.
  g_drainer.memory_reader = ProcessMemoryReader{};
  g_errand.state.store(kNoErrand, std::memory_order_relaxed);
  g_drainer_phase.store(DrainerPhase::kNone, std::memory_order_relaxed);
  g_drainer.request.store(kGoOn, std::memory_order_relaxed);
}

}  // namespace leaktrack::track
