// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with arguments is one line on standard error, and exit status 2.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/commands/command_fixture.h"

namespace leaktrack {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using testing::RunTool;
using ::testing::StartsWith;

using UsageTest = testing::CommandTest;
using Arguments = std::vector<std::string>;

// The line that refuses these arguments.
std::string Refused(const Arguments& arguments) {
  const Outcome outcome = RunTool(arguments);
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  return outcome.err;
}

TEST_F(UsageTest, ALineNamesTheCommandAndWhereHelpIs) {
  const std::string line = Refused({"report"});
  EXPECT_THAT(line, StartsWith("leaktrack report: CAPTURE is required"));
  EXPECT_THAT(line, EndsWith("; leaktrack report --help lists the options\n"));
}

TEST_F(UsageTest, WhatIsNoCommandIsNamedWithAllThatThereAre) {
  EXPECT_THAT(Refused({}), HasSubstr("no command is given; the commands are run, report"));
  EXPECT_THAT(Refused({"repart"}), HasSubstr("'repart' is not a command; the commands are run"));
  EXPECT_THAT(Refused({"--nonsense"}), HasSubstr("'--nonsense' is not an option of the program"));
  EXPECT_THAT(Refused({"bad\x1b[31m"}), Not(HasSubstr("\x1b"))) << "safe to print";
}

TEST_F(UsageTest, OptionsThatNeedNoCommandNeedNone) {
  const Outcome version = RunTool({"--version"});
  EXPECT_EQ(version.exit, 0);
  EXPECT_THAT(version.out, StartsWith("leaktrack "));
}

TEST_F(UsageTest, NumbersAreWholeNumbers) {
  for (const char* text : {"-1", "x", "1.5", "", "0x10"}) {
    EXPECT_THAT(Refused({"report", "--top", text, "x"}), HasSubstr("is not a whole number"));
    EXPECT_THAT(Refused({"merge", "--top", text, "x"}), HasSubstr("--top: '"));
    EXPECT_THAT(Refused({"report", "--site", text, "x"}), HasSubstr("--site: '"));
  }
  EXPECT_THAT(Refused({"gate", "--runs", "0", "--", "true"}), HasSubstr("--runs"));
  EXPECT_THAT(Refused({"gate", "--runs", "101", "--", "true"}), HasSubstr("--runs"));
}

TEST_F(UsageTest, ASizeThatIsNoneIsRefusedByTheNameOfItsOption) {
  for (const Arguments& command : {Arguments{"diff", "a", "b", "--min-bytes"},
                                   {"gate", "a", "--min-bytes"},
                                   {"gate", "a", "--max-total"},
                                   {"gate", "a", "--max-site"},
                                   {"gate", "a", "--interval"}}) {
    Arguments arguments = command;
    arguments.emplace_back("many");
    EXPECT_THAT(Refused(arguments),
                HasSubstr(command.back() + ": 'many' is not a size; write it like 512KiB"));
  }
}

TEST_F(UsageTest, AValueOutOfATableIsRefusedWithAllThatThereAre) {
  EXPECT_THAT(Refused({"report", "--format", "htm", "x"}),
              HasSubstr("--format: htm not in {text,json,html,pprof,folded,speedscope}"));
  EXPECT_THAT(Refused({"merge", "--format", "html", "x"}), HasSubstr("{text,json}"));
  EXPECT_THAT(Refused({"diff", "--format", "pprof", "x", "y"}), HasSubstr("{text,json,html}"));
  EXPECT_THAT(Refused({"gate", "--inconclusive", "0", "x"}), HasSubstr("{3,pass,fail}"));
  EXPECT_THAT(Refused({"run", "--unwinder", "x", "true"}), HasSubstr("{cfi,libunwind}"));
}

TEST_F(UsageTest, ADirectoryThatIsToBeReadMustBeThere) {
  EXPECT_THAT(Refused({"report", "--sysroot", "/no/such", "x"}), HasSubstr("/no/such"));
  EXPECT_THAT(Refused({"report", "--debug-dir", "/no/such", "x"}), HasSubstr("/no/such"));
  EXPECT_THAT(Refused({"gate", "--source-root", "/no/such", "x"}), HasSubstr("/no/such"));
}

TEST_F(UsageTest, EitherACaptureOrACommand) {
  EXPECT_THAT(Refused({"gate"}), HasSubstr("either CAPTURE or a command after --"));
  EXPECT_THAT(Refused({"gate", "captures/", "--", "true"}), HasSubstr("either CAPTURE or"));
  EXPECT_THAT(Refused({"doctor"}), HasSubstr("either TARGET or a command after --"));
  EXPECT_THAT(Refused({"doctor", "1", "--", "true"}), HasSubstr("either TARGET or"));
  EXPECT_THAT(Refused({"run"}), HasSubstr("a command after -- is required"));
  EXPECT_THAT(Refused({"run", "--"}), HasSubstr("a command after -- is required"));
}

TEST_F(UsageTest, OptionsBehindTheDashesAreThoseOfTheCommand) {
  const Outcome outcome = RunTool({"doctor", "--", "/bin/sh", "--help", "--nonsense"});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("leaktrack run -- /bin/sh --help --nonsense"));
}

TEST_F(UsageTest, WhatContradictsItselfIsRefused) {
  EXPECT_THAT(Refused({"run", "--exact", "--interval", "1MiB", "--", "true"}),
              HasSubstr("--exact excludes --interval"));
  EXPECT_THAT(Refused({"report", "--history", "/tmp", "--no-history", "x"}), HasSubstr("excludes"));
}

TEST_F(UsageTest, ASettingThatIsNoneIsRefusedBeforeACaptureIsRead) {
  EXPECT_THAT(Refused({"report", "--since", "never", "x"}), HasSubstr("--since: 'never'"));
  EXPECT_THAT(Refused({"report", "--since", "0s", "x"}), HasSubstr("--since"));
  EXPECT_THAT(Refused({"report", "--limit", "0", "x"}), HasSubstr("--limit: '0'"));
  EXPECT_THAT(Refused({"report", "--wrapper-file", "/no/file", "x"}), HasSubstr("/no/file"));
  for (const char* option : {"--baseline", "--limits", "--suppressions"})
    EXPECT_THAT(Refused({"gate", option, "/no/file", "x"}),
                HasSubstr("/no/file: cannot be read: No such file"));
}

}  // namespace
}  // namespace leaktrack
