// SPDX-License-Identifier: Apache-2.0
//
// The table of commands, and what is made of it: help, man pages, completions. That shells and
// readers of man pages understand these: e2e/commands/shell_test.py.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/commands/command_fixture.h"
#include "tools/commands/command_line.h"
#include "tools/commands/command_tree.h"
#include "tools/commands/man_page.h"
#include "tools/commands/shell_completion.h"

namespace leaktrack {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using CommandTableTest = testing::CommandTest;

TEST_F(CommandTableTest, EachCommandStandsOnceAndIsFoundByItsName) {
  std::set<std::string> names;
  for (const Command* command : Commands()) {
    EXPECT_TRUE(names.insert(command->name).second) << command->name;
    EXPECT_EQ(FindCommand(command->name), command);
    EXPECT_FALSE(std::string(command->summary).empty());
  }
  EXPECT_EQ(FindCommand("nonsense"), nullptr);
  EXPECT_EQ(FindCommand(""), nullptr);
}

TEST_F(CommandTableTest, HelpIsOfferedByTheProgramAndByEachCommand) {
  const testing::Outcome all = testing::RunTool({"--help"});
  EXPECT_EQ(all.exit, 0);
  for (const Command* command : Commands()) {
    EXPECT_THAT(all.out, HasSubstr(command->summary));
    const testing::Outcome one = testing::RunTool({command->name, "--help"});
    EXPECT_EQ(one.exit, 0);
    EXPECT_THAT(one.out, AllOf(StartsWith(command->summary), HasSubstr("  leaktrack ")));
    EXPECT_EQ(one.err, "");
  }
}

TEST_F(CommandTableTest, OnlyCommandsThatRunAnotherTakeWhatFollowsTheDashes) {
  std::vector<std::string> takers;
  for (const Command* command : Commands()) {
    if (command->takes_command) takers.emplace_back(command->name);
  }
  EXPECT_THAT(takers, ElementsAre("run", "gate", "doctor"));
}

CommandTree Tree() {
  const CommandLine line;
  return ReadCommandTree(line.app());
}

const CommandFacts& Of(const CommandTree& tree, const std::string& name) {
  return *std::ranges::find(tree.commands, name, &CommandFacts::name);
}

const OptionFacts& Of(const CommandFacts& command, const std::string& name) {
  for (const OptionFacts& option : command.options) {
    if (std::ranges::find(option.names, name) != option.names.end()) return option;
  }
  ADD_FAILURE() << command.name << " " << name;
  return command.options.front();
}

TEST(CommandTreeTest, OptionsAreReadWithTheirValues) {
  const CommandTree tree = Tree();
  EXPECT_EQ(tree.commands.size(), Commands().size());
  const CommandFacts& report = Of(tree, "report");
  EXPECT_THAT(Of(report, "--format").choices,
              ElementsAre("text", "json", "html", "pprof", "folded", "speedscope"));
  EXPECT_THAT(Of(report, "-o").names, ElementsAre("-o", "--output"));
  EXPECT_EQ(Of(report, "-o").value, "FILE");
  EXPECT_EQ(Of(report, "--top").value, "N");
  EXPECT_EQ(Of(report, "--sysroot").value, "DIR");
  EXPECT_EQ(Of(report, "--no-source").value, "") << "a flag";
  EXPECT_THAT(Of(Of(tree, "gate"), "--inconclusive").choices, ElementsAre("3", "pass", "fail"));
  EXPECT_EQ(Of(Of(tree, "gate"), "--runs").value, "N");
}

TEST(CommandTreeTest, PositionalsSayWhetherTheyAreNeededAndMayRepeat) {
  const CommandTree tree = Tree();
  const OptionFacts& captures = Of(tree, "report").positionals.at(0);
  EXPECT_EQ(captures.value, "CAPTURE");
  EXPECT_TRUE(captures.required && captures.repeats);
  EXPECT_FALSE(Of(tree, "gate").positionals.at(0).required);
  EXPECT_EQ(Of(tree, "diff").positionals.size(), 2u);
  EXPECT_FALSE(Of(tree, "diff").positionals.at(0).repeats);
  EXPECT_THAT(Of(tree, "run").positionals, IsEmpty());
}

// A program of one command with every kind of option, and text that is not meant for man or a
// shell.
CommandTree Made() {
  CommandTree tree;
  tree.program.name = "leaktrack";
  tree.program.summary = "Does it.\n\n  leaktrack do x   an example\n";
  tree.program.options = {{{"-h", "--help"}, "", {}, "Print help"}};
  CommandFacts one;
  one.name = "do";
  one.summary = "Does what's asked";
  one.footer = "  leaktrack do -x 'a b'\n\n.dots and \\slashes.\n\nExit status: 0 done, 2 not.";
  one.options = {{{"-x", "--extra"}, "FILE", {}, "it's [a]: file"},
                 {{"--kind"}, "NAME", {"big", "small"}, "which"},
                 {{"--quiet"}, "", {}, "says nothing"}};
  one.positionals = {{{}, "CAPTURE", {}, "what to do it to", true, true}};
  one.runs_command = true;
  tree.commands = {one};
  return tree;
}

TEST(ManPageTest, TheProgramsPageListsCommandsAndExamples) {
  const std::string page = ProgramPage(Made(), {"2024-05-01", "leaktrack 1.2.3"});
  EXPECT_THAT(page, HasSubstr(".TH LEAKTRACK 1 2024-05-01 \"leaktrack 1.2.3\""));
  EXPECT_THAT(page, HasSubstr("leaktrack \\-\ndoes it\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBdo\\fR\nDoes what's asked; see leaktrack\\-do(1).\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXAMPLES\n.nf\nleaktrack do x   an example\n.fi\n"));
}

TEST(ManPageTest, ACommandsPageHasOptionsExamplesAndExitStatus) {
  const CommandTree tree = Made();
  const std::string page = CommandPage(tree, tree.commands[0], {"2024-05-01", "v"});
  EXPECT_THAT(page, HasSubstr("\\fBleaktrack\\fR \\fBdo\\fR [\\fIOPTIONS\\fR] \\fICAPTURE\\fR..."));
  EXPECT_THAT(page, HasSubstr("[\\fB\\-\\-\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]]"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-x\\fR, \\fB\\-\\-extra\\fR \\fIFILE\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-kind\\fR \\fBbig\\fR|\\fBsmall\\fR\n"));
  EXPECT_THAT(page, HasSubstr("leaktrack do \\-x 'a b'\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\n0 done, 2 not.\n"));
  EXPECT_THAT(page, HasSubstr("\\&.dots and \\eslashes.\n")) << "a dot at the start is a request";
}

TEST(ManPageTest, NoParagraphBeginsASection) {
  const CommandTree tree = Tree();
  for (const CommandFacts& command : tree.commands) {
    const std::string page = CommandPage(tree, command, {"2024-05-01", "v"});
    for (size_t at = 0; (at = page.find("\n.SH ", at + 1)) != std::string::npos;)
      EXPECT_NE(page.substr(page.find('\n', at + 1), 4), "\n.PP") << command.name;
  }
}

TEST(CompletionTest, QuotesInHelpDoNotEndTheShellsQuotes) {
  const CommandTree tree = Made();
  EXPECT_THAT(ZshCompletion(tree), HasSubstr("'do:Does what'\\''s asked'"));
  EXPECT_THAT(ZshCompletion(tree), HasSubstr("[it'\\''s \\[a\\]\\: file]:FILE:_files'"));
  EXPECT_THAT(FishCompletion(tree), HasSubstr("-d 'Does what'\\''s asked'"));
}

TEST(CompletionTest, EachShellOffersValuesFilesAndCaptures) {
  const CommandTree tree = Made();
  EXPECT_THAT(BashCompletion(tree),
              AllOf(HasSubstr("'do --kind') _leaktrack_words \"big small\"; return"),
                    HasSubstr("'do -x' | 'do --extra') _leaktrack_paths -f"),
                    HasSubstr("do) case $cur in -*) _leaktrack_words \"-x --extra --kind --quiet"),
                    HasSubstr("_leaktrack_captures ;; esac")));
  EXPECT_THAT(BashCompletion(tree), Not(HasSubstr("'do --quiet')"))) << "a flag takes no value";
  EXPECT_THAT(ZshCompletion(tree), AllOf(HasSubstr("--kind[which]:NAME:(big small)"),
                                         HasSubstr("_files -g \"*.ltk(-.)\"")));
  EXPECT_THAT(FishCompletion(tree),
              AllOf(HasSubstr("-l kind -x -a 'big small'"), HasSubstr("-s x -l extra -r -F"),
                    HasSubstr("__fish_complete_suffix .ltk")));
}

}  // namespace
}  // namespace leaktrack
