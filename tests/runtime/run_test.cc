// SPDX-License-Identifier: Apache-2.0
//
// A whole run without interposition: recorder, capture and drainer of a child of the test's. Where
// a sanitizer owns malloc the library itself stays out, so that there the pieces are put together
// by hand.
#include "libtrack/runtime/run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "libtrack/capture/read/decoder.h"
#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/careful_calls.h"
#include "libtrack/runtime/run_start.h"
#include "libtrack/runtime/threads.h"

namespace leaktrack::track {
namespace {

using capture::Capture;
using capture::RunState;

size_t ThreadsNow() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

class RunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/runXXXXXX";
    directory_ = mkdtemp(name.data());
    Text(options_.out_directory).Add(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Runs `body` in a child; what it says on standard error is in said_.
  int InChild(const std::function<int()>& body) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], 2);
      _exit(body());
    }
    close(ends[1]);
    char piece[4096];
    for (ssize_t got; (got = read(ends[0], piece, sizeof piece)) > 0;)
      said_.append(piece, static_cast<size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  bool Build() {
    PrepareThreads(&g_tracker);
    const StartResult result = BuildRun(options_, 0, &g_tracker, &g_filter);
    if (result.problem != nullptr) raw::Write(2, result.problem, std::strlen(result.problem));
    if (result.started) g_filter.Open();
    return result.started;
  }
  static void RecordBlocks(int count) {
    for (int i = 0; i < count; ++i) {
      const HookGuard guard;
      ThreadState* const state = StateForRecording(hot_thread, guard);
      const capture::Frame frame = capture::MakeFrame(1, 16);
      const capture::SiteId site = g_tracker.Intern({capture::SiteKind::kHeap, {&frame, 1}, false});
      void* const block = reinterpret_cast<void*>(uintptr_t{0x1000} + 64 * i);
      Sample sample;
      if (g_tracker.Judge(hot_thread, *state, 1'000, NowMs(), &sample))
        g_tracker.Insert(guard.ticket(), *state, block, 1'000, sample, site, NowMs(), nullptr);
    }
  }
  // The one capture that there is.
  Capture TheCapture() {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
      paths.push_back(entry.path());
    EXPECT_EQ(paths.size(), 1u);
    if (paths.size() != 1) return {};
    capture::DecodeResult result = capture::DecodeCaptureFile(paths[0], {.use_recorder = false});
    EXPECT_EQ(result.failure, capture::DecodeFailure::kNone) << result.message;
    EXPECT_TRUE(result.capture.damage.empty());
    return std::move(result.capture);
  }

  std::string directory_, said_;
  pid_t child_ = 0;
  Options options_{.interval_bytes = kExactInterval};
};

TEST_F(RunTest, ARunLeavesACaptureOfAllThatItRecorded) {
  EXPECT_EQ(InChild([&] {
              if (!Build() || !DrainerRuns()) return 1;
              RecordBlocks(100);
              AddWork(7);
              SetPhase("serving");
              return FinishDrainer() && UnlinkRecorder() ? 0 : 2;
            }),
            0);
  const Capture capture = TheCapture();
  EXPECT_EQ(capture.process.pid, static_cast<uint32_t>(child_));
  EXPECT_EQ(capture.live_count, 100u);
  EXPECT_EQ(capture.survivors.size(), 100u);
  EXPECT_EQ(said_, "");
}

TEST_F(RunTest, TheDrainerWritesEpochsByItselfAndWhenItIsAsked) {
  EXPECT_EQ(InChild([&] {
              if (!Build()) return 1;
              RecordBlocks(5);
              TakeSnapshot("now");
              std::atomic<uint32_t> never{0};
              for (int i = 0; i < 100; ++i) WaitWhile(&never, 0, 20'000'000);
              UnlinkRecorder();
              _exit(0);  // without a last word
              return 0;
            }),
            0);
  EXPECT_EQ(TheCapture().live_count, 5u);
}

TEST_F(RunTest, WithoutAThreadTheEndIsWrittenByWhoeverEnds) {
  options_.use_thread = false;
  EXPECT_EQ(InChild([&] {
              if (!Build() || DrainerRuns() || ThreadsNow() != 1) return 1;
              RecordBlocks(10);
              if (!WriteEndHere()) return 2;
              ImageHeader()->folded = 1;
              return WriteEndHere() ? 3 : UnlinkRecorder() ? 0 : 4;
            }),
            0);
  const Capture capture = TheCapture();
  EXPECT_TRUE(capture.no_thread);
  EXPECT_EQ(capture.live_count, 10u);
}

TEST_F(RunTest, ADirectoryThatCannotBeWrittenToIsARefusalThatSaysWhatToDo) {
  options_.out_directory[0] = 0;
  Text(options_.out_directory).Add(directory_ + "/not/there");
  EXPECT_EQ(InChild([&] { return Build() ? 1 : 0; }), 0);
  EXPECT_NE(said_.find("/not/there"), std::string::npos) << said_;
  EXPECT_NE(said_.find("no such directory; the program runs on untracked"), std::string::npos);
  EXPECT_NE(said_.find("LEAKTRACK_OUT"), std::string::npos);
}

TEST_F(RunTest, ADrainerThatWasPausedIsGoneAndGoesOnInTheSameFile) {
  EXPECT_EQ(InChild([&] {
              if (!Build()) return 1;
              RecordBlocks(3);
              if (!PauseDrainer() || DrainerRuns() || ThreadsNow() != 1) return 2;
              if (PauseDrainer()) return 3;  // there is none
              RecordBlocks(2);
              if (!RestartDrainer(false) || !DrainerRuns()) return 4;
              return FinishDrainer() && UnlinkRecorder() ? 0 : 5;
            }),
            0);
  EXPECT_EQ(TheCapture().samples_total, 5u);
}

std::atomic<int> g_errand_ran_on{0};

TEST_F(RunTest, AnErrandIsRunOnTheDrainersThread) {
  EXPECT_EQ(InChild([&] {
              const auto errand = [] { g_errand_ran_on = ActsForDrainer() ? raw::Gettid() : 0; };
              if (CallOnDrainer(errand)) return 1;  // nobody is there
              if (!Build() || !CallOnDrainer(errand)) return 2;
              const bool elsewhere =
                  g_errand_ran_on == DrainerThreadId() && g_errand_ran_on != raw::Gettid();
              return elsewhere && !ActsForDrainer() && FinishDrainer() && UnlinkRecorder() ? 0 : 3;
            }),
            0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

TEST_F(RunTest, WhereASanitizerOwnsMallocTheLibraryStaysOutAndSaysSo) {
  EXPECT_EQ(InChild([&] {
              StartLibrary(nullptr);
              return IsTrackedProcess() ? 1 : 0;
            }),
            0);
  EXPECT_NE(said_.find("Sanitizer, which owns malloc; it goes on untracked"), std::string::npos);
}

#else

class LibraryTest : public RunTest {
 protected:
  bool Start(std::vector<std::string> more = {}) {
    entries_ = std::move(more);
    entries_.push_back("LEAKTRACK_OUT=" + directory_);
    for (const std::string& entry : entries_) environment_.push_back(entry.c_str());
    environment_.push_back(nullptr);
    StartLibrary(environment_.data());
    return IsTrackedProcess();
  }
  std::vector<std::string> entries_;
  std::vector<const char*> environment_;
};

TEST_F(LibraryTest, ALifeBeginsIsTrackedAndEndsOnce) {
  EXPECT_EQ(InChild([&] {
              if (!Start({"LEAKTRACK_INTERVAL=exact"}) || !g_tracker.exact()) return 1;
              RecordBlocks(20);
              EndRun(RunState::kExited);
              EndRun(RunState::kCrashed);
              return std::filesystem::exists(ImageHeader()->capture_path) ? 0 : 2;
            }),
            0);
  const Capture capture = TheCapture();
  EXPECT_EQ(capture.end_state, RunState::kExited);
  EXPECT_EQ(capture.live_count, 20u);
}

TEST_F(LibraryTest, ASettingThatIsNotUnderstoodIsSaidAndTheRunStarts) {
  EXPECT_EQ(InChild([&] {
              const bool started = Start({"LEAKTRACK_INTERVAL=often"});
              EndRun(RunState::kExited);
              return started ? 0 : 1;
            }),
            0);
  EXPECT_NE(said_.find("LEAKTRACK_INTERVAL=often is not understood"), std::string::npos);
}

TEST_F(LibraryTest, ACallThatBearsNoSecondThreadHasNone) {
  EXPECT_EQ(InChild([&] {
              if (!Start() || ThreadsNow() != 2) return 1;
              const CarefulCall call = BeforeCallAlone();
              if (!call.had_helper || ThreadsNow() != 1) return 2;
              AfterCarefulCall(call);
              if (!DrainerRuns() || ThreadsNow() != 2) return 3;
              EndRun(RunState::kExited);
              return 0;
            }),
            0);
  EXPECT_EQ(TheCapture().end_state, RunState::kExited);
}

TEST_F(LibraryTest, UnderAFilterNothingOfOursAsksTheKernel) {
  EXPECT_EQ(InChild([&] {
              if (!Start()) return 1;
              AfterFilter(BeforeFilter(), false);
              if (raw::Forbidden() || !DrainerRuns())
                return 2;  // the call failed: all is as it was
              AfterFilter(BeforeFilter(), true);
              return raw::Forbidden() && !DrainerRuns() && ImageHeader()->no_thread != 0 ? 0 : 3;
            }),
            0);
}

TEST_F(LibraryTest, AnExecThatFailsTakesTheEndBack) {
  EXPECT_EQ(InChild([&] {
              if (!Start()) return 1;
              const NoteHandle note = BeforeExec("/nowhere", nullptr);
              if (DrainerRuns()) return 2;
              AfterFailedExec(note);
              if (!DrainerRuns() || ImageHeader()->end_ms != 0) return 3;
              EndRun(RunState::kExited);
              return 0;
            }),
            0);
  EXPECT_EQ(TheCapture().end_state, RunState::kExited);
}

TEST_F(LibraryTest, AForkChildIsAnotherRunFromItsFirstRecordOn) {
  EXPECT_EQ(InChild([&] {
              if (!Start({"LEAKTRACK_INTERVAL=exact"})) return 1;
              RecordBlocks(3);
              const pid_t child = fork();
              if (child == 0) {
                if (g_filter.is_open() || IsTrackedProcess()) _exit(1);
                RecordBlocks(1);
                const bool own = IsTrackedProcess() && ImageHeader()->parent_run_id != 0;
                EndRun(RunState::kExited);
                _exit(own ? 0 : 2);
              }
              int status = -1;
              waitpid(child, &status, 0);
              EndRun(RunState::kExited);
              return status;
            }),
            0);
  const std::filesystem::directory_iterator captures(directory_);
  EXPECT_EQ(std::distance(begin(captures), end(captures)), 2);
}

#endif

}  // namespace
}  // namespace leaktrack::track
