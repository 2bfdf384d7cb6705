// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack doctor`: can this program or process be tracked, and if not, why and what to do?
//
// Promises: looks, changes nothing, sends no signal. Exit status: 0 it can be tracked, 1 something
// forbids it, 2 it could not be examined.
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/inspect/locate.h"
#include "tools/inspect/place_checks.h"
#include "tools/inspect/process_checks.h"
#include "tools/inspect/program_checks.h"
#include "tools/inspect/script_checks.h"
#include "tools/report/words/page.h"

namespace leaktrack {
namespace {

constexpr char kExamples[] =
    "  leaktrack doctor ./service          before a run\n"
    "  leaktrack doctor -- env -i ./service --port 80     the whole command, wrappers and all\n"
    "  leaktrack doctor 4711               why a running process is not tracked\n\n"
    "Exit status: 0 it can be tracked, 1 something forbids it, 2 it could not be examined.";

struct DoctorFormat;

struct DoctorOptions {
  std::string target;  // a pid, or a program as one would type it; empty with `command`
  std::vector<std::string> command;  // a command line as one would give it to run
  std::string output_directory;      // where captures would go; empty: OutputDirectory("")
  const DoctorFormat* format = nullptr;
};

struct Examined {
  std::string path;     // of the program that really runs
  std::string command;  // as it was asked for
  pid_t pid = 0;        // 0: not a running process
  Findings findings;
  bool trackable() const {
    return std::none_of(findings.begin(), findings.end(),
                        [](const Finding& one) { return one.level >= Level::kBlind; });
  }
};

absl::StatusOr<Examined> ExamineProcess(pid_t pid) {
  const std::optional<ProcessFacts> facts = ReadProcessFacts(pid);
  if (!facts) return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  if (facts->executable.empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat("process ", pid,
                     " cannot be examined: it is a kernel thread, or belongs to another user; ask "
                     "again as root or as that user"));
  }
  return Examined{facts->executable, "", pid, CheckProcess(*facts)};
}

void Append(Findings more, Findings& findings) {
  for (Finding& one : more) findings.push_back(std::move(one));
}

// What the words of a wrapper (env, nice, timeout ...) do, and whether each can be preloaded on the
// way to the program.
Findings CheckWrappers(const CommandChain& chain) {
  Findings findings = chain.findings;
  for (size_t i = 0; i + 1 < chain.programs.size(); ++i) {
    const std::string file = InterpreterOf(chain.programs[i]);
    const std::string lost = FirstOf(Level::kBlocker, CheckProgramFile(file), file);
    const size_t half = lost.find("; ");
    if (!lost.empty())
      findings.push_back({Level::kBlocker, "wrapper", lost.substr(0, half),
                          half == std::string::npos ? "" : lost.substr(half + 2)});
  }
  if (chain.open) {
    findings.push_back({Level::kNote, "wrapper",
                        "the command runs another program, and that one is to be examined",
                        "give the whole command: leaktrack doctor -- COMMAND ..."});
  }
  return findings;
}

absl::StatusOr<Examined> ExamineProgram(const DoctorOptions& options) {
  const std::vector<std::string> command =
      options.command.empty() ? std::vector<std::string>{options.target} : options.command;
  const CommandChain chain = FollowWrappers(command);
  const Located located =
      Locate(chain.programs.size() > 1 ? chain.programs.back() : command.front());
  if (located.found == Found::kNotFound)
    return absl::NotFoundError(absl::StrCat(located.path, ": no such process or command"));
  if (located.found == Found::kNotExecutable)
    return absl::InvalidArgumentError(absl::StrCat(located.path, ": not executable"));
  Examined result{InterpreterOf(located.path), absl::StrJoin(command, " "), 0,
                  CheckWrappers(chain)};
  if (result.path != located.path) {
    result.findings.push_back(
        {Level::kOk, "script", absl::StrCat("runs the script ", located.path), ""});
    Append(CheckScript(located.path, result.path), result.findings);
  }
  Append(CheckProgramFile(result.path), result.findings);
  const User self{geteuid(), getegid()};
  result.findings.push_back(CheckOutput(OutputDirectory(options.output_directory), self, true));
  result.findings.push_back(CheckRecorderPlace("", self));
  result.findings.push_back(CheckKernel());
  return result;
}

const char* LevelName(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kBlind:
      return "blind";
    case Level::kBlocker:
      return "blocker";
  }
  return "ok";
}

Tint TintOf(Level level) {
  switch (level) {
    case Level::kOk:
      return Tint::kGreen;
    case Level::kNote:
      return Tint::kDim;
    case Level::kWarning:
      return Tint::kYellow;
    case Level::kBlind:
    case Level::kBlocker:
      return Tint::kRed;
  }
  return Tint::kNone;
}

// What forbids it first, then what will be missing; what is well comes last.
std::string WriteText(const Examined& result) {
  Page page(static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), WantColour(STDOUT_FILENO));
  const std::string path = SafeText(result.path);
  const std::string name =
      result.pid != 0 ? absl::StrCat("process ", result.pid, " (", path, ")") : path;
  page.Line(absl::StrCat(name, result.trackable() ? ": can be tracked" : ": cannot be tracked"),
            TintOf(result.trackable() ? Level::kOk : Level::kBlocker));
  page.Blank();
  Findings sorted = result.findings;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Finding& a, const Finding& b) { return a.level > b.level; });
  for (const Finding& one : sorted) {
    page.Field(LevelName(one.level), SafeText(one.what));
    if (!one.remedy.empty()) page.Field("", absl::StrCat("-> ", SafeText(one.remedy)));
  }
  if (result.trackable() && result.pid == 0) {
    page.Blank();
    page.Field("track it", absl::StrCat("leaktrack run -- ", SafeText(result.command), " ..."));
  }
  return page.text();
}

std::string WriteJson(const Examined& result) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const Finding& one : result.findings) {
    findings.push_back(
        {{"check", one.check},
         {"level", LevelName(one.level)},
         {"what", SafeText(one.what)},
         {"remedy", one.remedy.empty() ? nlohmann::ordered_json()
                                       : nlohmann::ordered_json(SafeText(one.remedy))}});
  }
  const nlohmann::ordered_json report = {
      {"schema", 1},
      {"program", SafeText(result.path)},
      {"pid", result.pid != 0 ? nlohmann::ordered_json(result.pid) : nlohmann::ordered_json()},
      {"trackable", result.trackable()},
      {"findings", findings}};
  return report.dump(2) + "\n";
}

struct DoctorFormat {
  const char* name;
  std::string (*write)(const Examined& result);
};
constexpr DoctorFormat kFormats[] = {{"text", WriteText}, {"json", WriteJson}};

void AddOptions(OptionList& list, DoctorOptions& options) {
  list.Footer(kExamples);
  list.Add("TARGET", options.target,
           "a process id, or a program; or after -- a command, as for run");
  list.Add("-o,--output", options.output_directory,
           "where captures would go (default: $LEAKTRACK_OUT, else here)")
      .Type("DIR");
  AddChoice<DoctorFormat>(list, "--format", options.format, kFormats, "text or json");
  list.Demand([list, &options] {
    const bool both_or_none = list.Given("TARGET") != options.command.empty();
    return both_or_none ? "either TARGET or a command after --" : "";
  });
}

absl::StatusOr<int> Run(const DoctorOptions& options) {
  pid_t pid = 0;
  const bool is_pid = options.command.empty() && absl::SimpleAtoi(options.target, &pid) && pid > 0;
  ASSIGN_OR_RETURN(const Examined result, is_pid ? ExamineProcess(pid) : ExamineProgram(options));
  RETURN_IF_ERROR(WriteOutput("", options.format->write(result), Inputs()));
  return result.trackable() ? kExitNothingFound : kExitFound;
}

}  // namespace

constinit const Command kDoctor = MakeCommand<DoctorOptions, AddOptions, Run>(
    "doctor", "Says whether a program or process can be tracked, and if not, what to do");

}  // namespace leaktrack
