// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/run.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tools/commands/child.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/memory_watch.h"
#include "tools/commands/run_end.h"
#include "tools/commands/run_end_words.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/tree_counts.h"
#include "tools/inspect/locate.h"
#include "tools/inspect/place_checks.h"
#include "tools/inspect/program_checks.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr char kExamples[] =
    "Everything after -- is the command; leaktrack ends with the command's exit status.\n\n"
    "  leaktrack run -- redis-server --port 7000\n"
    "  leaktrack run -o /var/tmp/captures --interval 64KiB -- ./service\n"
    "  leaktrack run --exact -- ./unit_test\n\n"
    "`leaktrack report` reads the capture at any time: while the command runs, after it ended, "
    "after it was killed.";

// First, so that our malloc is the one that is called; what else was preloaded stays. Of several
// runs each gets the same, or the programs that copy their environment would differ by it.
std::string PreloadOf(const std::string& library) {
  const char* const set = getenv("LD_PRELOAD");
  const std::string before = set == nullptr ? "" : set;
  if (before.empty() || before == library) return library;
  return before.starts_with(library + ":") ? before : absl::StrCat(library, ":", before);
}

void SetEnvironment(const RunOptions& options, const std::string& library,
                    const std::string& directory) {
  setenv("LD_PRELOAD", PreloadOf(library).c_str(), 1);
  setenv("LEAKTRACK_OUT", directory.c_str(), 1);
  if (options.exact) setenv("LEAKTRACK_INTERVAL", "exact", 1);
  if (!options.interval.empty()) setenv("LEAKTRACK_INTERVAL", options.interval.c_str(), 1);
  setenv("LEAKTRACK_RUN", TreeCounts::RunNumber().c_str(), 1);
  if (options.early) setenv("LEAKTRACK_BIRTH", "early", 1);
  if (!options.children.empty()) setenv("LEAKTRACK_CHILDREN", options.children.c_str(), 1);
  if (!options.unwinder.empty()) setenv("LEAKTRACK_UNWINDER", options.unwinder.c_str(), 1);
}

// Where libleaktrack.so lies, seen from the tool; empty if nowhere.
std::string FindLibrary() {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  const fs::path prefix = executable.parent_path().parent_path();
  for (const char* folder : {"lib", "lib/x86_64-linux-gnu", "lib64", "lib/leaktrack"}) {
    const fs::path library = prefix / folder / "libleaktrack.so";
    if (access(library.c_str(), R_OK) == 0) return library.string();
  }
  return "";
}

// Empty, or why the program will run untracked.
std::string WhyUntracked(const Findings& findings, const std::string& program,
                         const std::string& library, const std::string& directory) {
  const std::string blocker = FirstOf(Level::kBlocker, findings, program);
  if (!blocker.empty()) return blocker;
  if (library.empty())
    return "libleaktrack.so is not where it belongs: in ../lib, seen from the leaktrack program";
  if (library.find_first_of(": ") != std::string::npos) {
    return absl::StrCat(
        library, ": LD_PRELOAD cannot hold a path with a space or a colon; install it elsewhere");
  }
  const std::string why = WhyNotWritable(directory, true);
  if (why.empty()) return "";
  return absl::StrCat("captures cannot be written: ", why, "; choose another place with -o DIR");
}

int CannotRun(const Located& program) {
  const bool there = program.found == Found::kNotExecutable;
  Say(absl::StrCat(program.path, there ? ": not executable" : ": command not found"));
  return there ? kExitCannotExecute : kExitCommandNotFound;
}

void AddOptions(OptionList& list, RunOptions& options) {
  list.RunsCommand("Usage: leaktrack run [OPTIONS] -- COMMAND [ARGUMENT...]\n");
  list.Footer(kExamples);
  list.Add("-o,--output", options.output_directory,
           "where captures go (default: $LEAKTRACK_OUT, else here)")
      .Type("DIR");
  const OptionEntry exact =
      list.Flag("--exact", options.exact, "record every allocation: slower, no estimates");
  AddIntervalOption(list, options.interval,
                    "mean bytes between samples: auto, or a size such as 64KiB")
      .Excludes(exact);
  list.Add("--unwinder", options.unwinder, "how stacks are walked: cfi (default) or libunwind")
      .OneOf({"cfi", "libunwind"});
  list.Add("--children", options.children,
           "which processes below the command are captured too: all (default), none, or a pattern "
           "for the names of their programs, such as 'worker*'")
      .Type("all|none|PATTERN")
      .Check([](const std::string& value) {
        return !value.empty() && value.size() < 64 ? "" : "a pattern has 1 to 63 characters";
      });
  list.Demand([list, &options] {
    const std::vector<std::string> first = list.Rest();
    options.command.insert(options.command.begin(), first.begin(), first.end());
    return options.command.empty() ? "a command after --" : "";
  });
}

absl::StatusOr<int> Run(const RunOptions& options) { return RunTracked(options); }

}  // namespace

int RunTracked(const RunOptions& options) {
  const Located program = Locate(options.command.front());
  if (program.found != Found::kYes) return CannotRun(program);
  const std::string library = FindLibrary();
  const std::string directory = OutputDirectory(options.output_directory);
  const std::string runs = InterpreterOf(program.path);
  const Findings findings = CheckProgramFile(runs);
  const std::string untracked = WhyUntracked(findings, runs, library, directory);
  if (!untracked.empty()) {
    Say(absl::StrCat("not tracking: ", untracked));
  } else {
    const std::string blind = FirstOf(Level::kBlind, findings, runs);
    if (!blind.empty()) Say(blind);
    SetEnvironment(options, library, directory);
  }
  const CapturePlace place(directory);
  const TreeCounts counts;
  std::optional<MemoryWatch> watch;
  if (untracked.empty() && options.watch) watch.emplace(directory);
  const ChildEnd end = RunChild(program.path, options.command);
  watch.reset();
  if (end.pid < 0) {
    Say(absl::StrCat("cannot start a process: ", strerror(end.error)));
    return kExitCannotExecute;
  }
  if (untracked.empty()) FinishRun(place, end, options.tell);
  if (options.tell) TellOfTree(counts);
  return end.ExitCode();
}

constinit const Command kRun =
    MakeCommand<RunOptions, AddOptions, Run>("run", "Runs a command with the tracker loaded");

}  // namespace leaktrack
