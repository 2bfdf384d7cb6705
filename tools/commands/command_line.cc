// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/command_line.h"

#include <memory>
#include <string_view>

#include "tools/base/units.h"
#include "tools/commands/doctor.h"
#include "tools/commands/dump.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/report.h"
#include "tools/commands/run.h"

namespace leaktrack {
namespace {

constexpr char kAbout[] =
    "Finds memory leaks in running native programs.\n\n"
    "  leaktrack run -- ./service --port 80   run a program and record what it allocates\n"
    "  leaktrack report .                     say what grows, in every capture of this directory\n";

constexpr char kRunExamples[] =
    "Everything after -- is the command; its exit status is ours.\n\n"
    "  leaktrack run -- redis-server --port 7000\n"
    "  leaktrack run -o /var/tmp/captures --interval 64KiB -- ./service\n"
    "  leaktrack run --exact -- ./unit_test\n\n"
    "While it runs, and after it was killed, `leaktrack report` reads the capture.";

constexpr char kReportExamples[] =
    "  leaktrack report host.service.4711.0f3c.ltk\n"
    "  leaktrack report --format json -o report.json captures/\n\n"
    "Exit status: 0 nothing found, 1 a leak or a suspect, 2 the report could not be made,\n"
    "3 inconclusive (the run was too short, or data was lost).";

constexpr char kDoctorExamples[] =
    "  leaktrack doctor ./service          before a run\n"
    "  leaktrack doctor 4711               why a running process is not tracked\n\n"
    "Exit status: 0 it can be tracked, 1 something forbids it, 2 it could not be examined.";

constexpr char kDumpExamples[] = "  leaktrack dump host.service.4711.0f3c.ltk | grep survivor";

// Accepts what the library accepts, and gives it back in the form that the library reads.
std::string IntervalProblem(std::string& text) {
  if (text == "auto" || text == "exact") return "";
  const absl::StatusOr<uint64_t> bytes = ParseSize(text);
  if (!bytes.ok()) return std::string(bytes.status().message());
  if (*bytes == 0) return "an interval of 0 bytes samples nothing; use --exact to record every allocation";
  text = *bytes == 1 ? "exact" : SizeOption(*bytes);
  return "";
}

// CLI11 does not know of what comes after the "--".
class RunFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: leaktrack run [OPTIONS] -- COMMAND [ARGUMENT...]\n";
  }
};

void DescribeRun(CLI::App& app, const std::vector<std::string>& tail, Action* action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run = app.add_subcommand("run", "Runs a command with the tracker loaded");
  run->formatter(std::make_shared<RunFormatter>());
  run->footer(kRunExamples);
  run->add_option("-o,--output", options->output_directory, "where captures go (default: $LEAKTRACK_OUT, else here)")
      ->type_name("DIR");
  auto* exact = run->add_flag("--exact", options->exact, "record every allocation: slower, no estimates");
  run->add_option("--interval", options->interval, "mean bytes between samples: auto, or a size such as 64KiB")
      ->type_name("SIZE")
      ->transform(CLI::Validator(IntervalProblem, ""))
      ->excludes(exact);
  run->add_option("--unwinder", options->unwinder, "how stacks are walked: cfi (default) or libunwind")
      ->check(CLI::IsMember({"cfi", "libunwind"}));
  run->prefix_command();  // the rest belongs to the command, whatever it looks like
  run->callback([run, options, tail, action] {
    options->command = run->remaining();
    options->command.insert(options->command.end(), tail.begin(), tail.end());
    if (options->command.empty()) throw CLI::RequiredError("COMMAND (after --)");
    *action = [options]() -> absl::StatusOr<int> { return RunRun(*options); };
  });
}

void DescribeReport(CLI::App& app, Action* action) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* report = app.add_subcommand("report", "Says which call sites grow, how fast, and how sure that is");
  report->footer(kReportExamples);
  report->add_option("CAPTURE", options->capture, "a capture, or a directory of captures")->required();
  report->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  report->add_option("-o,--output", options->output, "write to FILE instead of standard output")->type_name("FILE");
  report->add_option("--top", options->top, "how many sites in full (default: 5 in text, all in json)")->type_name("N");
  report->add_option("--sysroot", options->sysroot, "look for programs and libraries under DIR first")->type_name("DIR");
  report->add_option("--debug-dir", options->debug_dirs, "look for debug files in DIR first")->type_name("DIR");
  report->callback([options, action] { *action = [options] { return RunReport(*options); }; });
}

void DescribeDoctor(CLI::App& app, Action* action) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* doctor = app.add_subcommand("doctor", "Says whether a program or process can be tracked, and if not, what to do");
  doctor->footer(kDoctorExamples);
  doctor->add_option("TARGET", options->target, "a process id, or a program")->required();
  doctor->add_option("-o,--output", options->output_directory, "where captures would go (default: $LEAKTRACK_OUT, else here)")
      ->type_name("DIR");
  doctor->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  doctor->callback([options, action] { *action = [options] { return RunDoctor(*options); }; });
}

void DescribeDump(CLI::App& app, Action* action) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* dump = app.add_subcommand("dump", "Prints the records of a capture, one a line");
  dump->footer(kDumpExamples);
  dump->add_option("CAPTURE", options->capture, "a capture, or a directory of captures")->required();
  dump->add_option("-o,--output", options->output, "write to FILE instead of standard output")->type_name("FILE");
  dump->callback([options, action] { *action = [options] { return RunDump(*options); }; });
}

}  // namespace

std::vector<std::string> CutCommand(int* argc, char** argv) {
  if (*argc < 2 || std::string_view(argv[1]) != "run") return {};
  for (int i = 2; i < *argc; ++i) {
    if (std::string_view(argv[i]) != "--") continue;
    std::vector<std::string> command(argv + i + 1, argv + *argc);
    *argc = i;
    return command;
  }
  return {};
}

std::string UnknownCommand(const CLI::App& app, int argc, const char* const* argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first.starts_with("-")) return "";
  std::string known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == first) return "";
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  const std::string help = "commands are " + known + " (leaktrack --help says more)";
  return first.empty() ? "no command given; " + help : "'" + first + "' is no command; " + help;
}

void DescribeCommands(CLI::App& app, const std::vector<std::string>& tail, Action* action) {
  app.description(kAbout);
  app.name("leaktrack");
  app.set_version_flag("--version", "leaktrack " LEAKTRACK_VERSION);
  app.require_subcommand(1);
  DescribeRun(app, tail, action);
  DescribeReport(app, action);
  DescribeDoctor(app, action);
  DescribeDump(app, action);
}

}  // namespace leaktrack
