// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/run.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"
#include "libtrack/capture/read/owner.h"
#include "tools/base/safe_text.h"
#include "tools/commands/captures.h"
#include "tools/commands/child.h"
#include "tools/commands/exit_code.h"
#include "tools/inspect/locate.h"
#include "tools/inspect/place_checks.h"
#include "tools/inspect/program_checks.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

void Say(const std::string& text) { fprintf(stderr, "leaktrack: %s\n", SafeText(text).c_str()); }

void SetEnvironment(const RunOptions& options, const std::string& library, const std::string& directory) {
  const char* others = getenv("LD_PRELOAD");
  // First, so that our malloc is the one that is called; what else was preloaded stays.
  const std::string preload = others != nullptr && *others != '\0' ? absl::StrCat(library, ":", others) : library;
  setenv("LD_PRELOAD", preload.c_str(), 1);
  setenv("LEAKTRACK_OUT", directory.c_str(), 1);
  if (options.exact) setenv("LEAKTRACK_INTERVAL", "exact", 1);
  if (!options.interval.empty()) setenv("LEAKTRACK_INTERVAL", options.interval.c_str(), 1);
  if (!options.unwinder.empty()) setenv("LEAKTRACK_UNWINDER", options.unwinder.c_str(), 1);
}

// What wait() told of the end, in the words of a capture.
capture::RunState EndState(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return capture::RunState::kExited;
  switch (WTERMSIG(wait_status)) {
    case SIGSEGV: case SIGABRT: case SIGBUS: case SIGILL: case SIGFPE: case SIGTRAP: case SIGSYS:
      return capture::RunState::kCrashed;
    default: return capture::RunState::kKilled;
  }
}

std::set<std::string> CapturesIn(const std::string& directory) {
  const auto paths = ListCaptures(directory);
  return paths.ok() ? std::set<std::string>(paths->begin(), paths->end()) : std::set<std::string>();
}

std::vector<std::string> NewCaptures(const std::string& directory, const std::set<std::string>& before) {
  std::vector<std::string> fresh;
  for (const std::string& path : CapturesIn(directory)) {
    if (!before.contains(path)) fresh.push_back(path);
  }
  return fresh;
}

// The dead of this process tree: they left new captures in our directory, if that is still there. FoldRecorder leaves the
// living alone.
void FoldTheDead(const std::string& directory, const std::vector<std::string>& captures, const ChildEnd& end) {
  std::set<uint64_t> run_ids;
  for (const std::string& path : captures) run_ids.insert(RunIdOf(path));
  run_ids.erase(0);
  for (const RecorderEntry& recorder : FindRecorders(run_ids)) {
    if (fs::path(recorder.capture_path).parent_path() != directory) continue;
    capture::FoldOptions options;
    // In another pid namespace the same number is another process.
    const bool ours =
        recorder.pid_namespace == 0 || recorder.pid_namespace == capture::OwnPidNamespace();
    if (ours && static_cast<pid_t>(recorder.pid) == end.pid) {
      options.end_state = EndState(end.wait_status);
      options.owner_is_dead = true;
    }
    std::string why;
    if (capture::FoldRecorder(recorder.path, options, &why) == capture::FoldResult::kFailed) {
      Say(absl::StrCat(recorder.path, ": the end of the run could not be written to its capture: ", why,
                       "; leaktrack report reads both while the machine is up"));
    }
  }
}

// A recorder that is gone was removed by its owner, who wrote the end of the run before; or by somebody else.
void TellOfLostEnds(const std::vector<std::string>& captures) {
  constexpr size_t kMostLooks = 100;  // each is read as a whole
  std::vector<std::string> lost;
  for (size_t i = 0; i < captures.size() && i < kMostLooks; ++i) {
    const capture::DecodeResult read = capture::DecodeCaptureFile(captures[i]);
    if (read.failure == capture::DecodeFailure::kNone && read.capture.recorder_missing) lost.push_back(captures[i]);
  }
  if (lost.empty()) return;
  const std::string others = lost.size() > 1 ? absl::StrCat(" (and ", lost.size() - 1, " more)") : "";
  Say(absl::StrCat(lost[0], others, ": the end of the run is missing, up to the last second or all of it: its flight recorder ",
                   "is gone from ", kRecorderDirectory, "; see that nothing cleans up or fills that file system"));
}

// At most two lines, however many processes there were.
void TellOfCaptures(const std::string& directory, const std::vector<std::string>& fresh, pid_t pid) {
  std::vector<std::string> own;
  const std::string mark = absl::StrCat(".", pid, ".");
  for (const std::string& path : fresh) {
    if (fs::path(path).filename().string().find(mark) != std::string::npos) own.push_back(path);
  }
  if (fresh.empty()) {
    Say(absl::StrCat("no capture appeared in ", directory,
                     ": the program ended before the library could start, or dropped LD_PRELOAD"));
  } else if (fresh.size() == 1) {
    Say(absl::StrCat("captured; read it with: leaktrack report ", fresh[0]));
  } else {
    Say(absl::StrCat(fresh.size(), " processes captured; read all with: leaktrack report ", directory));
    if (own.size() == 1) Say(absl::StrCat("the command's own: leaktrack report ", own[0]));
  }
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
  if (untracked.empty() && library.empty()) untracked = "libleaktrack.so is not where it belongs (../lib next to bin)";
  if (untracked.empty() && library.find_first_of(": ") != std::string::npos) {
    untracked = absl::StrCat(library, ": LD_PRELOAD cannot hold a path with a space or a colon; install it elsewhere");
  }
  if (untracked.empty()) {
    const std::string why = WhyNotWritable(directory, true);
    if (!why.empty()) untracked = absl::StrCat("cannot write captures: ", why, "; choose another place with -o DIR");
  }
  if (!untracked.empty()) {
    Say(absl::StrCat("not tracking: ", untracked));
  } else {
    const std::string blind = FirstOf(Level::kBlind, findings, runs);
    if (!blind.empty()) Say(blind);
    SetEnvironment(options, library, directory);
  }
  const std::set<std::string> before = CapturesIn(directory);
  const ChildEnd end = RunChild(program.path, options.command);
  if (end.pid < 0) {
    Say(absl::StrCat("cannot start a process: ", strerror(errno)));
    return kExitCannotExecute;
  }
  if (untracked.empty()) {
    const std::vector<std::string> fresh = NewCaptures(directory, before);
    FoldTheDead(directory, fresh, end);
    TellOfLostEnds(fresh);
    if (options.tell) TellOfCaptures(directory, fresh, end.pid);
  }
  return end.ExitCode();
}

}  // namespace leaktrack
