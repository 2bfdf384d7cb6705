// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/run.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <cstring>
#include <string_view>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/signal_mask.h"
#include "libtrack/platform/os/sparse_memory.h"
#include "libtrack/platform/os/stack_switch.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/platform/real/allocator_statistics.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/platform/walk/stack_probe.h"
#include "libtrack/platform/walk/stack_root.h"
#include "libtrack/runtime/careful_calls.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/exec_note.h"
#include "libtrack/runtime/exit_holder.h"
#include "libtrack/runtime/hook_coverage.h"
#include "libtrack/runtime/identity.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/last_thread.h"
#include "libtrack/runtime/options.h"
#include "libtrack/runtime/run_start.h"
#include "libtrack/runtime/threads.h"
#include "libtrack/runtime/tree.h"
#include "libtrack/runtime/youth.h"

// pthread_atfork of glibc is built on the first function, and lies not in libc.so but in an archive
// beside it. musl has the second one alone. Declared weak, what is missing is null; a strong
// reference would keep the program from starting there.
extern "C" [[gnu::weak]] int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                               void* dso_handle);
// NOLINTNEXTLINE(readability-redundant-declaration): the first one is strong
extern "C" [[gnu::weak]] int pthread_atfork(void (*prepare)(), void (*parent)(), void (*child)());

namespace leaktrack::track {

constinit Tracker g_tracker{};
constinit Filter g_filter{};

namespace {

constexpr int kMadvWipeOnFork = 18;
constexpr uint64_t kLongRunMs = 10'000;  // shorter runs do not tidy up after others at their end

// Survives a fork. Together with the gate, which does not, it tells the state of this process.
enum Phase : uint32_t { kCold = 0, kStarting, kTracking, kInert, kUnborn };
constinit std::atomic<uint32_t> g_phase{kCold};
constinit std::atomic<bool> g_ended{false};
constinit std::atomic<int> g_main_thread_ended_in{0};  // pid: its main thread may be gone
constinit bool g_had_robust_list = false;              // of the main thread, when the run began
constinit Options g_options{};
constinit bool g_born_late = false;   // runs of fork children, and of this process if it is kUnborn
constinit bool g_is_followed = true;  // LEAKTRACK_CHILDREN names this program
constinit std::atomic<int> g_first_of_tree{0};  // pid of this process if it is the first

// Writes one line to stderr. If that is a pipe without a reader, the signal must not reach the
// program.
void Say(const char* line) {
  const SignalsBlocked blocked;
  if (raw::Write(2, line, std::strlen(line)) != -32 /* EPIPE */ || !blocked.blocked()) return;
  const uint64_t pipe_signal = uint64_t{1} << (SIGPIPE - 1);
  const timespec at_once{};
  raw::Call(SYS_rt_sigtimedwait, raw::Ptr(&pipe_signal), 0, raw::Ptr(&at_once), sizeof pipe_signal);
}

void BecomeInert() { g_phase.store(kInert, std::memory_order_release); }

// Reasons to leave the process alone. Each is final.
bool MustStayInert() {
  // Read nothing from the environment and write nothing (pitfall F9).
  if (getauxval(AT_SECURE) != 0) return true;
  if (IsSecondCopy()) return true;
  if (__register_atfork == nullptr && pthread_atfork == nullptr) {
    Say("leaktrack: the C library of this program is neither glibc nor musl; it goes on "
        "untracked.\n");
    return true;
  }
  const char* owner = FindOwnerOfMalloc();
  if (owner == nullptr) return false;
  char line[256];
  Text(line)
      .Add("leaktrack: this program ")
      .Add(owner)
      .Add(", which owns malloc; it goes on untracked. Track it without that.\n");
  Say(line);
  return true;
}

bool MainThreadMayHaveEnded() { return g_main_thread_ended_in.load() == raw::Getpid(); }

// The kernel gives no list to what clone makes. The C library registers one for each thread and
// each fork child.
bool HasRobustList() {
  const void* head = nullptr;
  size_t bytes = 0;
  const long result = raw::Call(SYS_get_robust_list, 0, raw::Ptr(&head), raw::Ptr(&bytes));
  return result == 0 && head != nullptr;
}

void NoteProcess() { g_had_robust_list = raw::Gettid() == raw::Getpid() && HasRobustList(); }

// Runs in every fork child before anything else of the program. A handler may have forked while it
// interrupted one of our hooks, and the child may return to that hook.
void OnFork() {
  if (raw::tenancy == raw::kFilteredBorrower) raw::forbidden.store(1, std::memory_order_relaxed);
  raw::tenancy = raw::kOwner;  // a fork child of a vfork child has memory of its own
  if (hot_thread.guard_place != nullptr) MakeImagePrivate();
  if (g_born_late) NoteBeginOfYouth();
}

// Not before there is a run: it takes memory from the program's heap.
void WatchForks() {
  if (__register_atfork != nullptr) {
    __register_atfork(nullptr, nullptr, OnFork, nullptr);
  } else {
    pthread_atfork(nullptr, nullptr, OnFork);
  }
}

struct Birth {
  HotThread& hot;
  const GuardTicket* ticket;  // null: nothing was kept while the process was young
};

// What the process kept while it was young comes into the run before the gate opens.
void OpenGate(const Birth& birth) {
  TidyRecorders();
  AdoptThreadAfterFork(birth.hot);
  if (birth.ticket != nullptr) {
    ThreadState* const state = AttachThread(birth.hot);
    if (state != nullptr) EnterYouth(*birth.ticket, *state, g_tracker, g_filter);
  }
  g_filter.Open();  // before the phase: tracking with a shut gate means "forked child"
  g_phase.store(kTracking, std::memory_order_release);
  if (birth.ticket != nullptr) EndYouth();
}

// Puts the filter into the state that a fork child finds. Otherwise frees of other threads would
// look into pages that are gone.
void EmptyFilter() {
  g_filter.Shut();
  raw::Call(SYS_madvise, raw::Ptr(&g_filter), sizeof g_filter, MADV_DONTNEED);
}

void RefuseBirth() {
  BecomeInert();
  EmptyFilter();
  EndYouth();
}

Options OptionsOfBirth(const Birth& birth) {
  Options options = g_options;
  options.share_descriptors = MainThreadMayHaveEnded();
  // If the drainer cannot tell when it is the last thread, the C library would wait for it for
  // ever.
  if (options.share_descriptors && !CanCountThreads()) options.use_thread = false;
  if (birth.ticket == nullptr) return options;
  options.keeps_modules = YouthHasModules();
  options.begun_ms_ago = YouthMs();
  return options;
}

// A forked child starts its run. It must not write the parent's image, and uses nothing of it from
// here on.
void StartInChildOnThisStack(void* pointer) {
  const Birth& birth = *static_cast<Birth*>(pointer);
  const uint64_t parent_run_id = ImageHeader()->run_id;
  const MappedImage parent_image = WhatIsMapped();
  ForgetDrainer();
  ForgetTurn();
  g_ended.store(false);
  NoteProcess();
  const StartResult result = BuildRun(OptionsOfBirth(birth), parent_run_id, &g_tracker, &g_filter);
  Unmap(parent_image);
  if (!result.started) return RefuseBirth();
  OpenGate(birth);
}

// The same in a process that the constructor has left young, or in a fork child of one.
void StartLateOnThisStack(void* pointer) {
  const Birth& birth = *static_cast<Birth*>(pointer);
  if (!YouthBeganHere()) NoteProcess();
  if (InsistsOnOneThread()) g_options.use_thread = false;
  PrepareThreads(&g_tracker);
  WatchForks();
  const StartResult result = BuildRun(OptionsOfBirth(birth), 0, &g_tracker, &g_filter);
  if (!result.started) return RefuseBirth();
  OpenGate(birth);
}

bool StartOnOwnStack(void (*start)(void*), const Birth& birth) {
  constexpr size_t kStackBytes = 128 * 1024;
  void* const stack = raw::Mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw::MmapFailed(stack)) {
    BecomeInert();
    return false;
  }
  CallOnStack(static_cast<char*>(stack) + kStackBytes, start, const_cast<Birth*>(&birth));
  raw::Munmap(stack, kStackBytes);
  return g_filter.is_open();
}

bool StartInChild(const Birth& birth) {
  uint32_t expected = kTracking;
  if (raw::Forbidden() || raw::Borrowed()) return false;
  if (!g_phase.compare_exchange_strong(expected, kStarting)) return false;
  return StartOnOwnStack(StartInChildOnThisStack, birth);
}

bool StartLate(const Birth& birth) {
  uint32_t expected = kUnborn;
  if (!g_phase.compare_exchange_strong(expected, kStarting)) return false;
  return StartOnOwnStack(StartLateOnThisStack, birth);
}

// True in a process that clone made without memory of its own, and that has our pid in another
// namespace.
bool IsNamesake() {
  return g_had_robust_list && raw::Gettid() == raw::Getpid() && !HasRobustList();
}

// False in a child that shares our memory. Under a filter we may not even ask for the pid, so only
// vfork children are recognised.
bool IsOwnRun() {
  // The mark decides only where it must. What raw clone makes has none, and under a filter a parent
  // may keep its child's (interpose/vfork.cc).
  if (raw::Forbidden()) return !raw::Borrowed();
  return ImageHeader()->pid == static_cast<uint32_t>(raw::Getpid()) && !IsNamesake();
}

bool IsTracking() {
  return g_phase.load(std::memory_order_acquire) == kTracking && g_filter.is_open() &&
         ImageHeader() != nullptr;
}

// A run without a drainer ends on the thread that ends the program. It does so on a stack of ours,
// because that thread's stack may be small.
bool FinishHere() {
  if (ImageHeader()->no_thread == 0 || raw::Forbidden()) return false;
  void* const stack = MapPrivate(kHelperStackBytes);
  if (stack == nullptr) return false;
  bool written = false;
  {
    const SignalsBlocked blocked;
    const auto write = [](void* done) { *static_cast<bool*>(done) = WriteEndHere(); };
    CallOnStack(static_cast<char*>(stack) + kHelperStackBytes, write, &written);
  }
  raw::Munmap(stack, kHelperStackBytes);
  return written;
}

// Asked once for each program: its fork children have its name.
bool IsFollowed(std::string_view children) {
  if (children.empty()) return true;
  if (children == "none") return false;
  char program[72];
  ReadProgram(program);
  return MatchesPattern(program, children);
}

void ReadEnvironment(const char* const* environment) {
  g_options = ReadOptions(environment);
  RememberPreload(environment);
  // A child that is forked after a chdir then writes to the same directory.
  MakeAbsolute(g_options.out_directory);
  if (g_options.problem[0] != 0) Say(g_options.problem);
  if (g_options.use_libunwind && !LoadLibunwind()) {
    Say("leaktrack: libunwind.so.8 is not installed; the built-in unwinder is used.\n");
    g_options.use_libunwind = false;
  }
  g_is_followed = IsFollowed(g_options.children);
  g_born_late = g_options.interval_bytes != kExactInterval && !g_options.born_early &&
                !g_options.use_libunwind;
}

// False: this kernel cannot wipe memory on fork.
bool CanForget() {
  if (raw::Call(SYS_madvise, raw::Ptr(&g_filter), sizeof g_filter, kMadvWipeOnFork) != 0)
    return false;
  return !g_born_late || PrepareYouth(g_options.interval_bytes);
}

// Builds the run on the constructor's thread, and may say what is wrong.
void StartNow() {
  // Also for its children, which check again.
  if (InsistsOnOneThread()) g_options.use_thread = false;
  PrepareThreads(&g_tracker);
  WatchForks();
  const StartResult result = BuildRun(g_options, 0, &g_tracker, &g_filter);
  if (result.problem != nullptr) {
    Say(result.problem);
    Say("\n");
  }
  if (!result.started) return BecomeInert();
  OpenGate({hot_thread, nullptr});
}

}  // namespace

void StartLibrary(const char* const* environment) {
  uint32_t expected = kCold;
  if (!g_phase.compare_exchange_strong(expected, kStarting)) return;
  if (raw::Forbidden() || !ResolveRealFunctions() || MustStayInert()) return BecomeInert();
  NoteProcess();
  NoteInitialThread();
  NoteFirstStack();
  ReadEnvironment(environment);
  if (!CanForget()) {
    Say("leaktrack: this kernel cannot wipe memory on fork (Linux 4.14 can), so forked children "
        "would spoil the record; the "
        "program runs on untracked.\n");
    return BecomeInert();
  }
  const bool first = IsFirstOfTree(g_options);
  if (first) g_first_of_tree.store(raw::Getpid());
  if (!first && !g_is_followed) return BecomeInert();
  PrepareHold(g_options.hold_address);
  FindHooks();
  FindAllocator();
  if (first || !g_born_late) return StartNow();
  BeginYouth();
  g_phase.store(kUnborn, std::memory_order_release);
}

bool MayRecord(HotThread& hot) {
  if (g_filter.is_open()) return true;
  switch (static_cast<Phase>(g_phase.load(std::memory_order_acquire))) {
    case kTracking:  // the gate is open by now, or this is a fork child
      if (g_filter.is_open()) return true;
      if (raw::Forbidden()) hot.countdown = kInertBudget;
      if (!g_is_followed) BecomeInert();
      return g_is_followed && !g_born_late && StartInChild({hot, nullptr});
    case kUnborn:
      if (raw::Forbidden()) hot.countdown = kInertBudget;
      return false;
    case kInert:
      hot.countdown = kInertBudget;
      return false;
    case kCold:
    case kStarting:
      break;
  }
  return false;
}

ThreadState* FirstStateForRecording(HotThread& hot, const HookGuard& guard) {
  if (!guard.held()) return nullptr;
  const int saved_errno = errno;  // starting a run or a thread calls the C library
  ThreadState* const state = MayRecord(hot) ? guard.IfStillHeld(AttachThread(hot)) : nullptr;
  errno = saved_errno;
  return state;
}

bool IsYoung() {
  if (!g_born_late || !g_is_followed || g_filter.is_open() || raw::Forbidden() || raw::Borrowed())
    return false;
  const uint32_t phase = g_phase.load(std::memory_order_acquire);
  return phase == kUnborn || (phase == kTracking && !g_filter.is_open());
}

bool GiveBirth(HotThread& hot, const HookGuard& guard, const ThreadState* state) {
  if (state == nullptr || !IsYoung()) return false;
  if (!MayBeBornInTree(g_options)) {
    RefuseBirth();
    return false;
  }
  const Birth birth{hot, &guard.ticket()};
  return g_phase.load(std::memory_order_acquire) == kUnborn ? StartLate(birth)
                                                            : StartInChild(birth);
}

namespace {

void BeBornNow() {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const HookGuard guard;
    ThreadState* const state = BeginYouthfulCall(hot, guard);
    GiveBirth(hot, guard, state);
    EndYouthfulCall(state);
  }
  errno = saved_errno;
}

}  // namespace

void BeBornBeforeCall() {
  if (IsYoung() && YouthBeganHere()) BeBornNow();
}

void CountIfNested(const HookGuard& guard) {
  if (!guard.held() && g_filter.is_open()) g_tracker.Count(capture::kNestedAllocations);
}

uint64_t NowMsByClock() {
  LEAKTRACK_DCHECK(ImageHeader() != nullptr);
  const int64_t since_start = MonotonicCoarseNs() - ImageHeader()->start_monotonic_ns;
  return since_start > 0 ? static_cast<uint64_t>(since_start) / 1'000'000 : 0;
}

WalkResult WalkStack(ThreadState& state, const StackStart& start) {
  if (!g_options.use_libunwind) return Walk(state.memo, start, state.frames);
  return WalkWithLibunwind(state.memo, start, state.frames);
}

namespace {

// The process ends, and no run of its own was born in it.
void NoteYoungEnd(capture::RunState state) {
  if (state == capture::RunState::kExec || g_options.run_pid == 0 || !IsYoung()) return;
  if (NoteEndOfYouth()) (void)AddToTree(g_options, TreeCount::kUnborn);
}

}  // namespace

void EndRun(capture::RunState state) {
  NoteYoungEnd(state);
  if (!IsTracking() || !IsOwnRun() || g_ended.exchange(true)) return;
  capture::RecorderHeader& header = *ImageHeader();
  header.end_ms.store(NowMs(), std::memory_order_relaxed);
  header.state.store(static_cast<uint32_t>(state), std::memory_order_release);
  // The recorder stays: `leaktrack run` or the next report folds it.
  if (!FinishDrainer() && !FinishHere()) return;
  header.folded.store(1, std::memory_order_release);
  if (state == capture::RunState::kExec) return;
  if (!UnlinkRecorder()) {
    BecomeInert();  // before the gate: tracking with a shut gate means "forked child"
    EmptyFilter();
    EmptyImage();
  }
  // A master outlives its workers, and may remove what they could not.
  if (header.end_ms.load(std::memory_order_relaxed) > kLongRunMs) TidyRecorders();
}

void NoteCrash() {
  if (!IsTracking() || !IsOwnRun()) return;
  ImageHeader()->state.store(static_cast<uint32_t>(capture::RunState::kCrashed),
                             std::memory_order_release);
}

// Under a filter the look at the new program would take system calls, and a child that raw clone
// made cannot be told from its parent. If the exec succeeds, the next program reports the end.
NoteHandle BeforeExec(const char* path, const char* const* environment) {
  if (raw::Forbidden()) return 0;
  NoteHandle note = 0;
  // A child that was forked from a young process has no other recorder to write to.
  if (g_phase.load(std::memory_order_acquire) == kUnborn && IsYoung() &&
      FateOfExec(path, environment) != capture::ExecFate::kTracked)
    BeBornNow();
  // A forked child has its gate shut, but it can still write to its parent's recorder.
  if (g_phase.load(std::memory_order_acquire) == kTracking && ImageHeader() != nullptr) {
    note = NoteExec(*ImageHeader(), path, environment, IsOwnRun(), NowMs());
  }
  EndRun(capture::RunState::kExec);
  return note;
}

void AfterFailedExec(NoteHandle note) {
  if (raw::Forbidden()) return;
  if (note != 0) EndNote(*ImageHeader(), note, NowMs());
  if (!IsTracking() || !IsOwnRun() || !g_ended.load()) return;
  capture::RecorderHeader& header = *ImageHeader();
  header.folded.store(0, std::memory_order_release);
  header.end_ms.store(0, std::memory_order_relaxed);
  header.state.store(static_cast<uint32_t>(capture::RunState::kRunning), std::memory_order_release);
  if (header.no_thread == 0 && !DrainerRuns()) StartDrainerAgain();
  g_ended.store(false);
}

void BeforeMainThreadIsCancelled() {
  if (raw::Forbidden() || raw::Borrowed()) return;
  g_main_thread_ended_in.store(raw::Getpid());
  AfterCarefulCall(BeforeCallAlone());  // between the two calls the helper changes its kind
}

void BeforeMainThreadEnds() {
  if (!raw::Forbidden() && raw::Gettid() == raw::Getpid()) BeforeMainThreadIsCancelled();
}

bool IsTrackedProcess() { return IsTracking() && IsOwnRun(); }

void AwaitStart() {
  constexpr timespec kNap{0, 1'000'000};
  for (int naps = 0; naps < 2'000 && g_phase.load(std::memory_order_acquire) == kStarting; ++naps) {
    raw::Call(SYS_nanosleep, raw::Ptr(&kNap), 0);
  }
}

void StartDrainerAgain() {
  const bool share = MainThreadMayHaveEnded();
  ForgetOwnChanges();  // the new helper inherits the state of the thread that starts it
  const bool started = (!share || CanCountThreads()) && RestartDrainer(share);
  ImageHeader()->no_thread = started ? 0 : 1;
}

}  // namespace leaktrack::track
