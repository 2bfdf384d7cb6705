// SPDX-License-Identifier: Apache-2.0
//
// The end of a run, and runs one after another: where captures are and what is said of them.
#include "tools/commands/run_end.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/commands/command_fixture.h"
#include "tests/support/recorder_builder.h"
#include "tools/commands/captures.h"
#include "tools/commands/recorders.h"
#include "tools/commands/repeated_runs.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class RunEndTest : public testing::CommandTest {
 protected:
  RunEndTest() { fs::create_directories(Path("captures")); }
  ~RunEndTest() override { unlink(recorder_.c_str()); }

  // A recorder in /dev/shm, as a run leaves it that was killed; its capture was to be `capture`.
  void LeaveRecorder(const std::string& capture) {
    const uint64_t run_id = 0xbeef'0000'0000'0000 + static_cast<uint64_t>(getpid());
    recorder_ = absl::StrFormat("%s/leaktrack.%d.%016x.%d.ltr", kRecorderDirectory, getpid(),
                                run_id, geteuid());
    testing::RecorderBuilder recorder;
    snprintf(recorder.header()->capture_path, sizeof recorder.header()->capture_path, "%s",
             capture.c_str());
    testing::RecordOneBlock(run_id, recorder);
    recorder.SetDead();
    recorder.WriteTo(recorder_);
  }

  std::string Finish(const CapturePlace& place, bool tell = true) {
    ChildEnd end;
    end.pid = 999'999'999;
    end.last_name = "service";
    CaptureStderr();
    FinishRun(place, end, tell);
    return GetCapturedStderr();
  }

  std::string recorder_;
};

TEST_F(RunEndTest, OnlyCapturesThatHaveAppearedAreNew) {
  Make({.run_id = 1, .seconds = 30}, "captures");
  const CapturePlace place(Path("captures"));
  EXPECT_THAT(place.NewCaptures(), IsEmpty());
  const std::string fresh = Make({.run_id = 2, .seconds = 30}, "captures");
  EXPECT_THAT(place.NewCaptures(), ElementsAre(fresh));
  EXPECT_EQ(place.Now(), place.named());
}

TEST_F(RunEndTest, ADirectoryThatWasMovedIsFoundAndOneThatWasRemovedIsNot) {
  const CapturePlace moved(Path("captures"));
  Make({.run_id = 2, .seconds = 30}, "captures");
  fs::rename(Path("captures"), Path("elsewhere"));
  EXPECT_EQ(moved.Now(), Path("elsewhere"));
  EXPECT_EQ(moved.NewCaptures().size(), 1u);
  EXPECT_THAT(Finish(moved), HasSubstr(": was moved to " + Path("elsewhere")));
  fs::create_directories(Path("captures"));
  const CapturePlace removed(Path("captures"));
  fs::remove_all(Path("captures"));
  EXPECT_EQ(removed.Now(), "");
  EXPECT_THAT(removed.NewCaptures(), IsEmpty());
  EXPECT_THAT(Finish(removed), HasSubstr(": was removed while the program ran"));
}

TEST_F(RunEndTest, OneCaptureIsNamedSeveralAreCounted) {
  const CapturePlace place(Path("captures"));
  const std::string first = Make({.run_id = 1, .seconds = 30}, "captures");
  EXPECT_EQ(Finish(place), "leaktrack: captured; read it with: leaktrack report " + first + "\n");
  const std::string own = Make({.pid = 999'999'999, .run_id = 2, .seconds = 30}, "captures");
  const std::string said = Finish(place);
  EXPECT_THAT(
      said, HasSubstr("2 processes captured; read all with: leaktrack report " + Path("captures")));
  EXPECT_THAT(said, HasSubstr("the command's own: leaktrack report " + own));
  EXPECT_EQ(Finish(place, false), "") << "the gate has words of its own";
}

TEST_F(RunEndTest, WhereNoCaptureAppearedTheProgramThatRanLastIsNamed) {
  const std::string said = Finish(CapturePlace(Path("captures")));
  EXPECT_THAT(said, HasSubstr("no capture appeared in " + Path("captures")));
  EXPECT_THAT(said, HasSubstr("the program that ran last was 'service'"));
}

TEST_F(RunEndTest, ARunWhoseCaptureWasRemovedIsWrittenAnewFromItsRecorder) {
  const CapturePlace place(Path("captures"));
  LeaveRecorder(Path("captures/testhost.program.77.00000000000000aa.ltk"));
  EXPECT_THAT(Finish(place), HasSubstr("the run was written anew from its flight recorder"));
  const auto opened = OpenCapture(Path("captures/testhost.program.77.00000000000000aa.ltk"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->survivors.size(), 1u);
  EXPECT_FALSE(fs::exists(recorder_)) << "the file alone is complete now";
}

TEST_F(RunEndTest, ARecorderWhoseCaptureIsGoneStandsForItsRun) {
  LeaveRecorder(Path("captures/testhost.program.77.00000000000000aa.ltk"));
  EXPECT_THAT(OrphansOf(Path("captures")), ElementsAre(recorder_));
  EXPECT_THAT(OrphansOf(Path("captures") + "/"), ElementsAre(recorder_));
  EXPECT_THAT(OrphansOf(directory_), IsEmpty());
  EXPECT_THAT(*CapturesAt(Path("captures")), ElementsAre(recorder_));
}

// ---- runs one after another

TEST_F(RunEndTest, APlaceOfOurOwnIsRemovedAndOneThatTheUserNamedIsKept) {
  std::string own;
  {
    const RunPlace place("");
    own = place.path();
    EXPECT_TRUE(fs::is_directory(own));
    const RunPlace named(Path("captures"));
    EXPECT_EQ(named.path(), Path("captures"));
  }
  EXPECT_FALSE(fs::exists(own));
  EXPECT_TRUE(fs::is_directory(Path("captures")));
}

TEST_F(RunEndTest, TheCostOfTrackingIsTold) {
  EXPECT_EQ(CostText({}), "");
  EXPECT_THAT(CostText({.tracked_seconds = 2}), HasSubstr("each took 2s of CPU (--cost says"));
  EXPECT_THAT(CostText({.plain_seconds = 1.6, .tracked_seconds = 2}),
              HasSubstr("each took 2s of CPU, 1.25 times the 1.6s of one run untracked"));
}

TEST_F(RunEndTest, EachRunHasADirectoryAndTheFirstThatFailsEndsThem) {
  const std::vector<std::string> fails_twice{
      "sh", "-c", "echo >> " + Path("log") + "; test $(wc -l < " + Path("log") + ") -lt 2"};
  const auto cost = RunRepeatedly(fails_twice, {.runs = 5}, Path("runs"));
  EXPECT_THAT(std::string(cost.status().message()),
              HasSubstr("run 2 of the command ended with 1: "));
  EXPECT_EQ(fs::file_size(Path("log")), 2u) << "a line for each run";
  EXPECT_FALSE(fs::exists(Path("runs/run-3")));
}

TEST_F(RunEndTest, EachRunHasTheSamePreload) {
  const std::vector<std::string> tells{"sh", "-c", "echo \"$LD_PRELOAD\" >> " + Path("log")};
  ASSERT_TRUE(RunRepeatedly(tells, {.runs = 2}, Path("runs")).ok());
  const std::string log = testing::Contents(Path("log"));
  const std::string first = log.substr(0, log.find('\n') + 1);
  EXPECT_EQ(log, first + first);
}

TEST_F(RunEndTest, RunsThatAreThereAlreadyAreNotMixedWithNewOnes) {
  fs::create_directories(Path("runs/run-1"));
  const auto cost = RunRepeatedly({"true"}, {.runs = 1}, Path("runs"));
  EXPECT_THAT(std::string(cost.status().message()), HasSubstr("holds runs already"));
  EXPECT_FALSE(RunRepeatedly({"true"}, {}, "").ok()) << "no place could be made";
}

TEST_F(RunEndTest, AnUntrackedRunBesidesTellsWhatTrackingCosts) {
  const std::vector<std::string> work{
      "sh", "-c",
      "echo >> " + Path("log") + "; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"};
  const auto cost = RunRepeatedly(work, {.runs = 2, .cost = true}, Path("runs"));
  ASSERT_TRUE(cost.ok()) << cost.status();
  EXPECT_GT(cost->plain_seconds, 0);
  EXPECT_GT(cost->tracked_seconds, 0);
  EXPECT_EQ(testing::Contents(Path("log")), "\n\n\n") << "three runs in all";
}

}  // namespace
}  // namespace leaktrack
