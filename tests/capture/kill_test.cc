// SPDX-License-Identifier: Apache-2.0
//
// SIGKILL between and inside any two writes, and full disks. Nothing is counted twice, and nothing
// is lost that the recorder still has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>

#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::capture {
namespace {

using leaktrack::testing::MemoryFile;
using leaktrack::testing::SmallProgram;
using leaktrack::testing::SortedSizes;
using leaktrack::testing::TestRun;

constexpr uint64_t kSeconds = 12;

uint64_t SamplesOf(const Capture& capture) {
  uint64_t samples = 0;
  for (const CellSeries& series : capture.cells) samples += series.points.back().samples;
  return samples;
}

uint64_t SamplesOf(TestRun* run) {
  RecorderView view;
  if (!view.Open(run->recorder.header(), run->recorder.bytes())) return 0;
  uint64_t samples = 0;
  CellCopy cell;
  for (uint32_t i = 0; i < view.cell_count(); ++i)
    samples += view.CopyCell(i, &cell) ? cell.samples : 0;
  return samples;
}

uint64_t WritesOfAWholeRun() {
  TestRun run;
  SmallProgram program(&run, 4);
  if (!run.Create()) return 0;
  for (uint64_t second = 1; second <= kSeconds; ++second) {
    program.Second(1000 * second);
    if (!run.Epoch(1000 * second)) return 0;
  }
  return run.file.writes();
}

TEST(KillTest, AfterAKillInsideAnyWriteFileAndRecorderSayEverythingOnce) {
  const uint64_t writes = WritesOfAWholeRun();
  ASSERT_GT(writes, 40u);
  for (uint64_t kill_at = 1; kill_at < writes; ++kill_at) {
    for (const size_t torn : {size_t{0}, size_t{1}, size_t{33}, size_t{64}, size_t{100'000}}) {
      TestRun run;
      SmallProgram program(&run, 4);
      run.file.FailFrom(kill_at, MemoryFile::kNever, torn);
      ASSERT_TRUE(run.Create());
      bool alive = true;
      for (uint64_t second = 1; second <= kSeconds && alive; ++second) {
        program.Second(1000 * second);
        alive = run.Epoch(1000 * second);
      }
      run.recorder.SetDead();
      const Capture both = run.DecodeWithRecorder().capture;
      ASSERT_TRUE(both.recorder_used);
      ASSERT_EQ(SortedSizes(both.kept_deaths), program.pushed)
          << "killed in write " << kill_at << " after " << torn;
      ASSERT_EQ(SamplesOf(both), SamplesOf(&run));
      ASSERT_EQ(both.end_state, RunState::kKilled);
      const Capture file = run.DecodeFile().capture;
      for (const CellSeries& series : file.cells) {
        for (size_t i = 1; i < series.points.size(); ++i) {
          ASSERT_LT(series.points[i - 1].time_ms, series.points[i].time_ms);
        }
      }
    }
  }
}

TEST(KillTest, AFullDiskAtAnyWriteDelaysAndLosesNothing) {
  const uint64_t writes = WritesOfAWholeRun();
  for (uint64_t fail_at = 1; fail_at < writes; ++fail_at) {
    for (const uint64_t count : {1, 2, 7}) {
      TestRun run;
      SmallProgram program(&run, 4);
      ASSERT_TRUE(run.Create());
      run.file.FailFrom(fail_at - 1, count, fail_at % 50);
      uint64_t refused = 0;
      for (uint64_t second = 1; second <= kSeconds; ++second) {
        program.Second(1000 * second);
        refused += !run.Epoch(1000 * second);
        ASSERT_NE(run.DecodeFile().failure, DecodeFailure::kNotACapture);
      }
      // Now there is room again.
      for (uint64_t more = 1; more <= 3; ++more)
        refused += !run.Epoch(1000 * (kSeconds + more), EpochKind::kFinal);
      ASSERT_GT(refused, 0u);
      const Capture file = run.DecodeFile().capture;
      ASSERT_EQ(SortedSizes(file.kept_deaths), program.pushed)
          << "refused from write " << fail_at << ", " << count;
      ASSERT_EQ(SamplesOf(file), SamplesOf(&run));
      ASSERT_EQ(file.survivors.size(), run.DecodeWithRecorder().capture.survivors.size());
      ASSERT_EQ(file.stacks.size(), 12u);
      ASSERT_EQ(file.modules.size(), 1u);
      ASSERT_EQ(file.epochs_lost, refused);
    }
  }
}

class FoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "/leaktrack_fold." + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    capture_ = folder_ + "/run.ltk";
    recorder_ = folder_ + "/leaktrack.1.1122334455667788.ltr";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A run that is killed 0.9 s after its last epoch.
  void Run(TestRun* run, SmallProgram* program) {
    ASSERT_TRUE(run->Create(recorder_.c_str()));
    for (uint64_t second = 1; second <= 5; ++second) {
      program->Second(1000 * second);
      ASSERT_TRUE(run->Epoch(1000 * second));
    }
    program->Second(5900);
    run->recorder.SetTime(5900);
    run->recorder.AddStack({42});
    strcpy(run->recorder.header()->capture_path, capture_.c_str());
    run->recorder.SetDead();
    run->recorder.WriteTo(recorder_);
    std::ofstream(capture_, std::ios::binary)
        .write(reinterpret_cast<const char*>(run->file.bytes().data()),
               static_cast<long>(run->file.bytes().size()));
  }

  std::string folder_, capture_, recorder_, why_;
};

TEST_F(FoldTest, AfterFoldingTheFileAloneSaysWhatBothSaid) {
  TestRun run;
  SmallProgram program(&run, 9);
  Run(&run, &program);
  const Capture before = DecodeCaptureFile(capture_).capture;
  ASSERT_TRUE(before.recorder_used);
  EXPECT_EQ(before.end_state, RunState::kKilled);
  ASSERT_EQ(FoldRecorder(recorder_, {}, &why_), FoldResult::kFolded) << why_;
  EXPECT_FALSE(std::filesystem::exists(recorder_));
  const Capture after = DecodeCaptureFile(capture_).capture;
  EXPECT_TRUE(after.damage.empty());
  EXPECT_FALSE(after.recorder_used);
  EXPECT_FALSE(after.recorder_missing);
  EXPECT_EQ(after.end_state, RunState::kKilled);
  EXPECT_EQ(SortedSizes(after.kept_deaths), program.pushed);
  EXPECT_EQ(after.survivors.size(), before.survivors.size());
  EXPECT_EQ(SamplesOf(after), SamplesOf(before));
  EXPECT_EQ(after.stacks.size(), 13u);
  EXPECT_EQ(after.duration_ms, 5900u);
  EXPECT_EQ(after.epochs_lost, 0u);
}

TEST_F(FoldTest, FoldingTwiceChangesNothing) {
  TestRun run;
  SmallProgram program(&run, 9);
  Run(&run, &program);
  FoldOptions keep;
  keep.unlink_recorder = false;
  ASSERT_EQ(FoldRecorder(recorder_, keep, &why_), FoldResult::kFolded) << why_;
  EXPECT_EQ(FoldRecorder(recorder_, keep, &why_), FoldResult::kAlreadyFolded);
  // As if the first folder had died before it could mark the recorder.
  run.recorder.WriteTo(recorder_);
  ASSERT_EQ(FoldRecorder(recorder_, keep, &why_), FoldResult::kFolded) << why_;
  const Capture capture = DecodeCaptureFile(capture_).capture;
  EXPECT_EQ(SortedSizes(capture.kept_deaths), program.pushed);
  EXPECT_EQ(SamplesOf(capture), SamplesOf(&run));
}

TEST_F(FoldTest, ALiveOwnerIsLeftAlone) {
  TestRun run;
  SmallProgram program(&run, 9);
  Run(&run, &program);
  run.recorder.header()->owner = 4711;
  run.recorder.WriteTo(recorder_);
  EXPECT_EQ(FoldRecorder(recorder_, {}, &why_), FoldResult::kOwnerAlive);
  EXPECT_TRUE(DecodeCaptureFile(capture_).capture.running);
}

TEST_F(FoldTest, ARunWithoutThreadGetsItsWholeCaptureFromFolding) {
  TestRun run;
  SmallProgram program(&run, 9);
  Run(&run, &program);
  std::filesystem::remove(capture_);
  FoldOptions seen;
  seen.end_state = RunState::kExited;
  ASSERT_EQ(FoldRecorder(recorder_, seen, &why_), FoldResult::kFolded) << why_;
  const Capture capture = DecodeCaptureFile(capture_).capture;
  EXPECT_EQ(capture.end_state, RunState::kExited);
  EXPECT_EQ(SamplesOf(capture), SamplesOf(&run));
  EXPECT_EQ(capture.process.recorder_path, recorder_);
}

TEST_F(FoldTest, ABareRecorderIsACaptureToo) {
  TestRun run;
  SmallProgram program(&run, 9);
  Run(&run, &program);
  const Capture both = DecodeCaptureFile(recorder_).capture;
  EXPECT_EQ(both.path, capture_);
  EXPECT_EQ(SamplesOf(both), SamplesOf(&run));
  std::filesystem::remove(capture_);
  const Capture alone = DecodeCaptureFile(recorder_).capture;
  EXPECT_EQ(alone.path, recorder_);
  EXPECT_EQ(SamplesOf(alone), SamplesOf(&run));
  EXPECT_EQ(alone.survivors.size(), both.survivors.size());
}

TEST_F(FoldTest, ARecorderOfAnotherRunOrBootIsIgnored) {
  TestRun run;
  SmallProgram program(&run, 9);
  Run(&run, &program);
  run.recorder.header()->boot_id[3] ^= 1;
  run.recorder.WriteTo(recorder_);
  EXPECT_FALSE(DecodeCaptureFile(capture_).capture.recorder_used);
  run.recorder.header()->boot_id[3] ^= 1;
  run.recorder.header()->run_id ^= 1;
  run.recorder.WriteTo(recorder_);
  EXPECT_FALSE(DecodeCaptureFile(capture_).capture.recorder_used);
}

TEST_F(FoldTest, WithoutItsRecorderAnUnfinishedRunSaysSo) {
  TestRun run;
  SmallProgram program(&run, 9);
  run.recorder.header()->pid = 0x7fff'fff0;  // no such process
  Run(&run, &program);
  std::filesystem::remove(recorder_);
  const Capture capture = DecodeCaptureFile(capture_).capture;
  EXPECT_TRUE(capture.recorder_missing);
  EXPECT_EQ(capture.end_state, RunState::kKilled);
  EXPECT_FALSE(capture.running);
}

}  // namespace
}  // namespace leaktrack::capture
