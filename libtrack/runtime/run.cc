// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/run.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#include <cstring>

#include "libtrack/platform/clock.h"
#include "libtrack/platform/raw.h"
#include "libtrack/platform/real_functions.h"
#include "libtrack/platform/text.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/hook_coverage.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/options.h"
#include "libtrack/runtime/run_start.h"
#include "libtrack/runtime/threads.h"

namespace leaktrack::track {

constinit Tracker g_tracker{};
constinit Filter g_filter{};

namespace {

constexpr int kMadvWipeOnFork = 18;
constexpr uint64_t kInertBudget = uint64_t{1} << 46;  // a thread asks again after that many bytes

// Survives fork; together with the gate, which does not, it tells where this process stands.
enum Phase : uint32_t { kCold = 0, kStarting, kTracking, kInert };
constinit std::atomic<uint32_t> g_phase{kCold};
constinit std::atomic<bool> g_ended{false};
constinit Options g_options{};
constinit bool g_wiped_on_fork = false;

void Say(const char* line) { raw::Write(2, line, std::strlen(line)); }

void BecomeInert() { g_phase.store(kInert, std::memory_order_release); }

// Reasons to leave the process alone; each is final.
bool MustStayInert() {
  if (getauxval(AT_SECURE) != 0) return true;  // nothing is read from the environment, nothing is written (F9)
  if (IsSecondCopy()) return true;
  const char* sanitizer = FindSanitizer();
  if (sanitizer == nullptr) return false;
  char line[256];
  Text(line).Add("leaktrack: this program was built with ").Add(sanitizer)
      .Add(", which owns malloc; it runs on untracked. Track a build without it.\n");
  Say(line);
  return true;
}

// A forked child starts its run. The parent's image is not ours to write; nothing of it is used from here on.
bool StartInChild() {
  uint32_t expected = kTracking;
  if (raw::Forbidden()) return false;
  if (!g_phase.compare_exchange_strong(expected, kStarting)) return false;
  const uint64_t parent_run_id = ImageHeader()->run_id;
  const RecorderFile parent_image = g_image_file;
  ForgetDrainer();
  g_ended.store(false);
  const StartResult result = BuildRun(g_options, parent_run_id, &g_tracker, &g_filter);
  raw::Munmap(parent_image.base, parent_image.bytes);
  if (!result.started) {
    BecomeInert();
    return false;
  }
  g_phase.store(kTracking, std::memory_order_release);
  g_filter.Open();
  return true;
}

// Under a filter we may not even ask for the pid; then there is no thread to stop and no file to write either.
bool IsOwnRun() { return raw::Forbidden() || ImageHeader()->pid == static_cast<uint32_t>(raw::Getpid()); }

bool IsTracking() {
  return g_phase.load(std::memory_order_acquire) == kTracking && g_filter.is_open() && ImageHeader() != nullptr;
}

}  // namespace

void StartLibrary(const char* const* environment) {
  uint32_t expected = kCold;
  if (!g_phase.compare_exchange_strong(expected, kStarting)) return;
  if (!ResolveRealFunctions() || MustStayInert()) return BecomeInert();
  g_options = ReadOptions(environment);
  if (g_options.problem[0] != 0) Say(g_options.problem);
  if (g_options.use_libunwind && !LoadLibunwind()) {
    Say("leaktrack: libunwind.so.8 is not installed; the built-in unwinder is used.\n");
    g_options.use_libunwind = false;
  }
  g_wiped_on_fork = raw::Call(SYS_madvise, raw::Ptr(&g_filter), sizeof g_filter, kMadvWipeOnFork) == 0;
  PrepareThreads(&g_tracker);
  const StartResult result = BuildRun(g_options, 0, &g_tracker, &g_filter);
  if (result.problem != nullptr) {
    Say(result.problem);
    Say("\n");
  }
  if (!result.started) return BecomeInert();
  TidyRecorders();
  g_phase.store(kTracking, std::memory_order_release);
  g_filter.Open();
}

bool MayRecord(HotThread& hot) {
  if (g_filter.is_open()) return true;
  switch (g_phase.load(std::memory_order_acquire)) {
    case kTracking:
      if (g_ended.load(std::memory_order_relaxed) && IsOwnRun()) return false;
      return StartInChild();
    case kInert:
      hot.countdown = kInertBudget;
      return false;
    default:
      return false;
  }
}

ThreadState* StateForRecording(HotThread& hot, const GuardTicket&) {
  if (!MayRecord(hot)) return nullptr;
  return AttachThread(hot);
}

uint64_t NowMs() {
  const capture::RecorderHeader& header = *ImageHeader();
  if (g_tracker.exact() && DrainerRuns()) return header.tick_ms.load(std::memory_order_relaxed);
  const int64_t since_start = MonotonicCoarseNs() - header.start_monotonic_ns;
  return since_start > 0 ? static_cast<uint64_t>(since_start) / 1'000'000 : 0;
}

WalkResult WalkStack(ThreadState& state, const StackStart& start) {
  return g_options.use_libunwind ? WalkWithLibunwind(state.memo, start, state.frames)
                                 : Walk(state.memo, start, state.frames);
}

void EndRun(capture::RunState state) {
  if (!IsTracking() || !IsOwnRun() || g_ended.exchange(true)) return;
  capture::RecorderHeader& header = *ImageHeader();
  header.end_ms.store(NowMs(), std::memory_order_relaxed);
  header.state.store(static_cast<uint32_t>(state), std::memory_order_release);
  if (!FinishDrainer()) return;  // the recorder stays: `leaktrack run` or the next report folds it
  header.folded.store(1, std::memory_order_release);
  if (state != capture::RunState::kExec) UnlinkRecorder();
}

void NoteCrash() {
  if (!IsTracking() || !IsOwnRun()) return;
  ImageHeader()->state.store(static_cast<uint32_t>(capture::RunState::kCrashed), std::memory_order_release);
}

void BeforeExec() { EndRun(capture::RunState::kExec); }

void AfterFailedExec() {
  if (!IsTracking() || !IsOwnRun() || !g_ended.load()) return;
  capture::RecorderHeader& header = *ImageHeader();
  header.folded.store(0, std::memory_order_release);
  header.end_ms.store(0, std::memory_order_relaxed);
  header.state.store(static_cast<uint32_t>(capture::RunState::kRunning), std::memory_order_release);
  (void)RestartDrainer(false);
  g_ended.store(false);
}

void BeforeMainThreadEnds() {
  if (raw::Gettid() != raw::Getpid() || !PauseForCall()) return;
  if (!RestartDrainer(true)) ImageHeader()->no_thread = 1;
}

bool PauseForCall() { return IsTracking() && IsOwnRun() && DrainerRuns() && PauseDrainer(); }

void ResumeAfterCall(bool paused, bool restart) {
  if (!restart) raw::forbidden.store(true, std::memory_order_relaxed);
  if (!paused) return;
  if (!restart || !RestartDrainer(false)) ImageHeader()->no_thread = 1;
}

}  // namespace leaktrack::track
