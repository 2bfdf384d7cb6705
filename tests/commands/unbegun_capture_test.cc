// SPDX-License-Identifier: Apache-2.0
//
// A capture that never got its header because the disk was full: its flight recorder has the data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/commands/command_fixture.h"
#include "tests/support/recorder_builder.h"
#include "tools/commands/captures.h"
#include "tools/commands/recorders.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class UnbegunCaptureTest : public testing::CommandTest {
 protected:
  UnbegunCaptureTest() {
    // Our pid distinguishes it from the recorders of real programs, and of other tests that run
    // now.
    run_id_ = 0xfeed'0000'0000'0000 + static_cast<uint64_t>(getpid());
    char id[32];
    snprintf(id, sizeof(id), "%d.%016lx", getpid(), static_cast<unsigned long>(run_id_));
    capture_ = directory_ + "/testhost.program.x." + id + ".ltk";
    recorder_ = std::string(kRecorderDirectory) + "/leaktrack." + id + ".ltr";
    std::ofstream(capture_).flush();
  }
  ~UnbegunCaptureTest() override { unlink(recorder_.c_str()); }
  void LeaveRecorder(bool dead) {
    testing::RecorderBuilder recorder;
    testing::RecordOneBlock(run_id_, recorder);
    if (dead) recorder.SetDead();
    recorder.WriteTo(recorder_);
  }

  std::string capture_, recorder_;
  uint64_t run_id_ = 0;
};

TEST_F(UnbegunCaptureTest, IsFoldedFromTheRecorderOfItsName) {
  LeaveRecorder(true);
  ASSERT_EQ(RecorderOf(capture_), recorder_);
  const auto opened = OpenCapture(capture_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->survivors.size(), 1u);
  EXPECT_EQ(opened->process.run_id, run_id_);
  EXPECT_EQ(opened->end_state, capture::RunState::kKilled);
  EXPECT_FALSE(fs::exists(recorder_)) << "the file alone is complete now";
  const auto again = OpenCapture(capture_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->survivors.size(), 1u);
  EXPECT_FALSE(again->recorder_used);
}

TEST_F(UnbegunCaptureTest, IsFoldedWhereTheHeaderPageWasCutShort) {
  std::ofstream(capture_) << std::string(100, '\0');
  LeaveRecorder(true);
  const auto opened = OpenCapture(capture_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_FALSE(fs::exists(recorder_));
}

TEST_F(UnbegunCaptureTest, IsReadFromTheRecorderWhereTheFileCannotBeWritten) {
  // A link in place of the file may lead to anybody's file, so nothing is written there.
  fs::rename(capture_, directory_ + "/elsewhere");
  fs::create_symlink(directory_ + "/elsewhere", capture_);
  LeaveRecorder(true);
  const auto opened = OpenCapture(capture_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->survivors.size(), 1u);
  EXPECT_TRUE(opened->recorder_used);
  EXPECT_TRUE(fs::exists(recorder_));
  EXPECT_EQ(fs::file_size(directory_ + "/elsewhere"), 0u);
}

TEST_F(UnbegunCaptureTest, OfALivingProcessIsReadAndLeftAlone) {
  LeaveRecorder(false);
  const auto opened = OpenCapture(capture_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->running);
  EXPECT_TRUE(fs::exists(recorder_));
  EXPECT_EQ(fs::file_size(capture_), 0u);
}

TEST_F(UnbegunCaptureTest, TextOfSomebodyElseIsNotWrittenOver) {
  std::ofstream(capture_) << "my letter";
  LeaveRecorder(true);
  (void)OpenCapture(capture_);
  EXPECT_EQ(fs::file_size(capture_), 9u);
  EXPECT_TRUE(fs::exists(recorder_));
}

TEST_F(UnbegunCaptureTest, ARecorderOfAnotherUserIsNotBelieved) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  LeaveRecorder(true);
  ASSERT_EQ(chown(recorder_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(RecorderOf(capture_), "");
  EXPECT_FALSE(OpenCapture(capture_).ok());
}

TEST_F(UnbegunCaptureTest, WithoutARecorderTheMessageSaysWhatHappened) {
  const auto opened = OpenCapture(capture_);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.status().message()),
              AllOf(HasSubstr("disk was full"), HasSubstr("killed as it began")));
}

}  // namespace
}  // namespace leaktrack
