// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack seal` and `leaktrack dump`, on captures of made runs.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/commands/command_fixture.h"
#include "tests/support/recorder_builder.h"
#include "tools/commands/captures.h"
#include "tools/commands/sealed_copy.h"
#include "tools/symbolize/capture_symbolizer.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::Contents;
using ::testing::HasSubstr;
using testing::kChurningFunction;
using testing::kLeakingFunction;
using testing::Outcome;
using testing::RunTool;
using ::testing::SizeIs;
using ::testing::StartsWith;

using SealCommandTest = testing::CommandTest;

TEST_F(SealCommandTest, NamesGoIntoTheCaptureAndWhatWasRecordedStays) {
  const std::string capture = Make({.seconds = 60}), before = Contents(capture);
  const Outcome outcome = RunTool({"seal", capture});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith(capture + ": sealed"), HasSubstr("2 of 2 frames")));
  EXPECT_THAT(Contents(capture), StartsWith(before));
  const auto opened = OpenCapture(capture);
  ASSERT_TRUE(opened.ok());
  const std::optional<Seal> seal = SealOf(*opened);
  ASSERT_TRUE(seal);
  EXPECT_THAT(seal->frames, SizeIs(2));
  EXPECT_TRUE(seal->sources.empty()) << "no source unless asked for";
}

TEST_F(SealCommandTest, SourceGoesInWhereItIsAskedFor) {
  const std::string capture = Make({.seconds = 60});
  const auto opened = OpenCapture(capture);
  const Seal names = MakeSeal(*opened, FramesOf(*opened), {}, false);
  const std::string file = names.frames.begin()->second.back().file;
  if (!testing::HasSource(file)) GTEST_SKIP() << file << " is not here";
  const Outcome outcome = RunTool({"seal", "--source", "-o", Path("copy.ltk"), capture});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2 places their source"));
  EXPECT_THAT(SealOf(*OpenCapture(Path("copy.ltk")))->sources, SizeIs(2));
  EXPECT_FALSE(SealOf(*OpenCapture(capture))) << "the original is left alone";
}

TEST_F(SealCommandTest, SealingTwiceIsSealingOnce) {
  const std::string capture = Make({.seconds = 60});
  RunTool({"seal", capture});
  const size_t once = fs::file_size(capture);
  EXPECT_EQ(RunTool({"seal", capture}).exit, 0);
  EXPECT_NEAR(static_cast<double>(fs::file_size(capture)), static_cast<double>(once), 64);
  EXPECT_EQ(ReadRecorded(capture)->size(), fs::file_size(Make({.seconds = 60}, "again")));
}

TEST_F(SealCommandTest, OfADirectoryAllAreSealedAndABadOneKeepsNoneFromIt) {
  const std::string one = Make({.run_id = 1, .seconds = 60}, "in"),
                    two = Make({.run_id = 2, .seconds = 60}, "in/deep");
  MakeNoCapture("in/bad.ltk");
  fs::create_directories(Path("out"));
  const Outcome outcome = RunTool({"seal", "-o", Path("out"), Path("in")});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.err, HasSubstr("bad.ltk"));
  EXPECT_TRUE(SealOf(*OpenCapture(Path("out/" + fs::path(one).filename().string()))));
  EXPECT_TRUE(SealOf(*OpenCapture(Path("out/deep/" + fs::path(two).filename().string()))));
  EXPECT_EQ(RunTool({"seal", "-o", Path("none"), Path("in")}).exit, 2);
}

TEST_F(SealCommandTest, AnotherRunAndAProgramAreNotWrittenOver) {
  const std::string one = Make({.run_id = 1, .seconds = 60}),
                    two = Make({.run_id = 2, .seconds = 60});
  testing::Write(Path("program"), testing::kProgramBytes);
  testing::Write(Path("empty.ltk"), "");
  const std::string before = Contents(two);
  EXPECT_THAT(RunTool({"seal", "-o", two, one}).err, HasSubstr("is the capture of another run"));
  EXPECT_EQ(Contents(two), before);
  EXPECT_THAT(RunTool({"seal", "-o", Path("program"), one}).err, HasSubstr("is a program"));
  EXPECT_THAT(RunTool({"seal", "-o", Path("empty.ltk"), one}).err, HasSubstr("hardly begun"));
  EXPECT_THAT(RunTool({"seal", "-o", "/dev/null", one}).err, HasSubstr("name a file"));
}

TEST_F(SealCommandTest, AFlightRecorderIsNotACapture) {
  testing::RecorderBuilder recorder;
  recorder.WriteTo(Path("leaktrack.1.00000000000000aa.1000.ltr"));
  const Outcome outcome = RunTool({"seal", Path("leaktrack.1.00000000000000aa.1000.ltr")});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.err, HasSubstr("is a flight recorder; seal its capture"));
}

TEST_F(SealCommandTest, WhatIsNotThereIsStatus2) {
  EXPECT_EQ(RunTool({"seal", Path("none.ltk")}).exit, 2);
  EXPECT_THAT(RunTool({"seal", directory_}).err, HasSubstr("no capture (*.ltk) here or below"));
}

TEST_F(SealCommandTest, EachFrameIsNamedOnce) {
  const auto capture = OpenCapture(Make({.seconds = 60}));
  ASSERT_TRUE(capture.ok());
  const std::vector<capture::Frame> frames = FramesOf(*capture);
  EXPECT_THAT(frames, SizeIs(2));
  const Seal seal = MakeSeal(*capture, frames, {}, false);
  std::vector<std::string> names;
  for (const auto& [frame, functions] : seal.frames) names.push_back(functions.back().function);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre(kLeakingFunction, kChurningFunction));
}

// ---- dump

TEST_F(SealCommandTest, ADumpHasALineForEachRecord) {
  const std::string capture = Make({.seconds = 60});
  const Outcome outcome = RunTool({"dump", capture});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  for (const char* line :
       {"capture /", "process pid 4242 parent ", "command program --port 80", "end exited ",
        "interval configured 1 now 1", "loss allocations 0", "hook malloc active", "module 1 [",
        "stack ", "cell site ", " births time_ms 60000 samples 12 ", "memory time_ms 60000 ",
        "survivor site "})
    EXPECT_THAT(outcome.out, HasSubstr(line));
  EXPECT_EQ(RunTool({"dump", "-o", Path("text"), capture}).exit, 0);
  EXPECT_EQ(Contents(Path("text")), outcome.out);
}

TEST_F(SealCommandTest, ADumpOfADirectoryIsThatOfItsCaptures) {
  Make({.run_id = 1, .seconds = 30}, "in");
  Make({.run_id = 2, .seconds = 30}, "in");
  const std::string text = RunTool({"dump", Path("in")}).out;
  EXPECT_THAT(text, AllOf(HasSubstr("run 0000000000000001"), HasSubstr("run 0000000000000002")));
  EXPECT_EQ(RunTool({"dump", Path("none")}).exit, 2);
}

}  // namespace
}  // namespace leaktrack
