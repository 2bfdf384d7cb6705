// SPDX-License-Identifier: Apache-2.0
//
// Where results go, and what they never destroy.
#include "tools/commands/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/commands/command_fixture.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using testing::Contents;
using ::testing::HasSubstr;
using testing::Write;

class OutputTest : public testing::CommandTest {
 protected:
  // Why this may not be written; "" if it may. Nothing may have changed.
  std::string Refusal(const std::string& name, const Inputs& inputs = {}) const {
    const absl::Status before = CheckOutputs({Path(name)}, inputs);
    const absl::Status then = WriteOutput(Path(name), std::string("result"), inputs);
    EXPECT_EQ(before.ok(), then.ok()) << before << then << " must agree";
    return std::string(before.message());
  }
};

TEST_F(OutputTest, AFileIsWrittenWholeAndAnOlderResultReplaced) {
  EXPECT_EQ(Refusal("x"), "");
  EXPECT_EQ(Contents(Path("x")), "result");
  Write(Path("x"), "an older and much longer result");
  EXPECT_EQ(Refusal("x"), "");
  EXPECT_EQ(Contents(Path("x")), "result");
}

TEST_F(OutputTest, WhatIsReadIsNotWrittenOverByAnyName) {
  Write(Path("input"), "precious");
  fs::create_hard_link(Path("input"), Path("hard"));
  fs::create_symlink("input", Path("soft"));
  const Inputs inputs({Path("input")});
  EXPECT_THAT(Refusal("input", inputs), HasSubstr("is read by this command, and would be"));
  EXPECT_THAT(Refusal("hard", inputs), HasSubstr("input, which this command reads"));
  EXPECT_THAT(Refusal("soft", inputs), HasSubstr("input, which this command reads"));
  EXPECT_EQ(Contents(Path("input")), "precious");
}

TEST_F(OutputTest, WhatMustNotBeLostIsKnownByItsFirstBytes) {
  const std::string capture = Make({.seconds = 30});
  fs::rename(capture, Path("capture"));
  Write(Path("program"), testing::kProgramBytes);
  Write(Path("short"),
        "\x7f"
        "EL");
  EXPECT_EQ(HeldIn(Path("capture")), Held::kCapture);
  EXPECT_EQ(HeldIn(Path("program")), Held::kProgram);
  EXPECT_EQ(HeldIn(Path("short")), Held::kNothing);
  EXPECT_EQ(HeldIn(Path("none")), Held::kNothing);
  EXPECT_EQ(HeldIn(directory_), Held::kNothing);
  EXPECT_THAT(Refusal("capture"), HasSubstr("is a capture, and would be destroyed"));
  EXPECT_THAT(Refusal("program"), HasSubstr("is a program or library"));
  EXPECT_EQ(Refusal("short"), "");
}

TEST_F(OutputTest, AResultHasNotTheNameOfACapture) {
  EXPECT_THAT(Refusal("x.ltk"), HasSubstr("has the name of a capture"));
  EXPECT_THAT(Refusal("x.ltr"), HasSubstr("has the name of a capture"));
  EXPECT_FALSE(fs::exists(Path("x.ltk")));
}

TEST_F(OutputTest, TwoResultsDoNotGoToOneFile) {
  EXPECT_FALSE(CheckOutputs({Path("x"), Path("x")}, {}).ok());
  EXPECT_FALSE(CheckOutputs({Path("x"), Path("a/../x")}, {}).ok()) << "of files to be made, too";
  Write(Path("there"), "");
  fs::create_symlink("there", Path("link"));
  EXPECT_THAT(std::string(CheckOutputs({Path("there"), Path("link")}, {}).message()),
              HasSubstr("is named for two results"));
  EXPECT_TRUE(CheckOutputs({Path("x"), Path("y"), "/dev/null", "/dev/null"}, {}).ok());
}

TEST_F(OutputTest, AFifoThatNoProgramReadsIsAnErrorAndNotAWait) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(std::string(WriteOutput(Path("fifo"), std::string("x"), {}).message()),
              HasSubstr("is a FIFO that no program reads"));
  const int reader = open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_TRUE(WriteOutput(Path("fifo"), std::string("told"), {}).ok());
  char text[8] = {};
  EXPECT_EQ(read(reader, text, sizeof text), 4);
  close(reader);
}

TEST_F(OutputTest, PlacesThatCannotBeWrittenAreNamed) {
  EXPECT_THAT(Refusal("none/x"), HasSubstr("none/x: No such file"));
  EXPECT_THAT(std::string(CheckOutputs({directory_}, {}).message()), HasSubstr("is a directory"));
  EXPECT_THAT(std::string(WriteOutput("/dev/full", std::string("x"), {}).message()),
              HasSubstr("/dev/full: No space left"));
}

TEST_F(OutputTest, ALongTextIsWrittenAsItIsMade) {
  const std::string piece(100'000, 'x');
  const auto write = [&](TextSink& sink) {
    for (int i = 0; i < 50; ++i) sink.Write(piece);
  };
  ASSERT_TRUE(WriteOutput(Path("long"), write, {}).ok());
  EXPECT_EQ(fs::file_size(Path("long")), 50 * piece.size());
}

TEST_F(OutputTest, AppendingKeepsWhatIsThere) {
  ASSERT_TRUE(AppendOutput(Path("x"), "one ", {}).ok());
  ASSERT_TRUE(AppendOutput(Path("x"), "two", {}).ok());
  EXPECT_EQ(Contents(Path("x")), "one two");
}

TEST_F(OutputTest, StandardOutputThatIsAnInputIsRefused) {
  Write(Path("input"), "precious");
  const int fd = open(Path("input").c_str(), O_WRONLY), before = dup(STDOUT_FILENO);
  fflush(stdout);
  dup2(fd, STDOUT_FILENO);
  const absl::Status status = WriteOutput("", std::string("x"), Inputs({Path("input")}));
  dup2(before, STDOUT_FILENO);
  EXPECT_THAT(std::string(status.message()), HasSubstr("standard output: is "));
  EXPECT_EQ(Contents(Path("input")), "precious");
}

TEST_F(OutputTest, AFormatThatNoTerminalShowsMayGoToAFileOrPipe) {
  EXPECT_TRUE(CheckNotForTerminal("html", Path("x.html")).ok());
  EXPECT_EQ(CheckNotForTerminal("html", "").ok(), isatty(STDOUT_FILENO) == 0);
}

}  // namespace
}  // namespace leaktrack
