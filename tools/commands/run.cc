// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/run.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tools/commands/child.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/run_end.h"
#include "tools/inspect/locate.h"
#include "tools/inspect/place_checks.h"
#include "tools/inspect/program_checks.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

void SetEnvironment(const RunOptions& options, const std::string& library,
                    const std::string& directory) {
  const char* others = getenv("LD_PRELOAD");
  // First, so that our malloc is the one that is called; what else was preloaded stays.
  const std::string preload =
      others != nullptr && *others != '\0' ? absl::StrCat(library, ":", others) : library;
  setenv("LD_PRELOAD", preload.c_str(), 1);
  setenv("LEAKTRACK_OUT", directory.c_str(), 1);
  if (options.exact) setenv("LEAKTRACK_INTERVAL", "exact", 1);
  if (!options.interval.empty()) setenv("LEAKTRACK_INTERVAL", options.interval.c_str(), 1);
  if (!options.unwinder.empty()) setenv("LEAKTRACK_UNWINDER", options.unwinder.c_str(), 1);
}

}  // namespace

std::string FindLibrary(const std::string& executable) {
  const fs::path prefix = fs::path(executable).parent_path().parent_path();
  for (const char* folder : {"lib", "lib/x86_64-linux-gnu", "lib64", "lib/leaktrack"}) {
    const fs::path library = prefix / folder / "libleaktrack.so";
    if (access(library.c_str(), R_OK) == 0) return library.string();
  }
  return "";
}

int RunRun(const RunOptions& options) {
  const Located program = Locate(options.command.front());
  if (program.found == Found::kNotFound) {
    Say(absl::StrCat(program.path, ": command not found"));
    return kExitCommandNotFound;
  }
  if (program.found == Found::kNotExecutable) {
    Say(absl::StrCat(program.path, ": not executable"));
    return kExitCannotExecute;
  }
  std::error_code error;
  const std::string library = FindLibrary(fs::read_symlink("/proc/self/exe", error).string());
  const std::string directory = OutputDirectory(options.output_directory);
  const std::string runs = InterpreterOf(program.path);
  const Findings findings = CheckProgramFile(runs);
  std::string untracked = FirstOf(Level::kBlocker, findings, runs);
  if (untracked.empty() && library.empty())
    untracked = "libleaktrack.so is not where it belongs (../lib next to bin)";
  if (untracked.empty() && library.find_first_of(": ") != std::string::npos) {
    untracked = absl::StrCat(
        library, ": LD_PRELOAD cannot hold a path with a space or a colon; install it elsewhere");
  }
  if (untracked.empty()) {
    const std::string why = WhyNotWritable(directory, true);
    if (!why.empty())
      untracked =
          absl::StrCat("cannot write captures: ", why, "; choose another place with -o DIR");
  }
  if (!untracked.empty()) {
    Say(absl::StrCat("not tracking: ", untracked));
  } else {
    const std::string blind = FirstOf(Level::kBlind, findings, runs);
    if (!blind.empty()) Say(blind);
    SetEnvironment(options, library, directory);
  }
  const CapturePlace place(directory);
  const ChildEnd end = RunChild(program.path, options.command);
  if (end.pid < 0) {
    Say(absl::StrCat("cannot start a process: ", strerror(errno)));
    return kExitCannotExecute;
  }
  if (untracked.empty()) FinishRun(place, end, options.tell);
  return end.ExitCode();
}

}  // namespace leaktrack
