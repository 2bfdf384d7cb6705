// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/command_line.h"

#include <memory>
#include <string_view>

#include "tools/base/units.h"
#include "tools/commands/diff.h"
#include "tools/commands/doctor.h"
#include "tools/commands/dump.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/gate.h"
#include "tools/commands/merge.h"
#include "tools/commands/report.h"
#include "tools/commands/run.h"
#include "tools/commands/seal.h"
#include "tools/report/formats.h"

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
    "  leaktrack report --format json -o report.json captures/\n"
    "  leaktrack report --format html -o report.html host.service.4711.0f3c.ltk     one file, "
    "needs no network\n"
    "  leaktrack report --format pprof -o heap.pb.gz host.service.4711.0f3c.ltk     then: go tool "
    "pprof -http : heap.pb.gz\n"
    "  leaktrack report --format folded host.service.4711.0f3c.ltk | flamegraph.pl --countname "
    "bytes > heap.svg\n"
    "  leaktrack report --since 2h --filter 'libssl*' host.service.4711.0f3c.ltk\n"
    "  leaktrack report --limit 2GiB --status-time 72h,4h,30m captures/\n\n"
    "What --top, --site and --filter leave out is said; totals, the first line and the exit status "
    "are those of all sites. With\n"
    "--since all of these are of the last part of the run, except what is alive and how old it "
    "is.\n\n"
    "Exit status: 0 nothing found, 1 a leak or a suspect, 2 the report could not be made,\n"
    "3 inconclusive (something grows that may be a leak or a filling cache, the run, or the part\n"
    "judged, was too short, or data was lost).";

constexpr char kDiffExamples[] =
    "  leaktrack diff before/ after/       each a capture, or a directory with run-1, run-2, run-3 "
    "in it\n\n"
    "Exit status: 0 no regression, 1 regression, 2 it could not be compared, 3 inconclusive.";

constexpr char kGateExamples[] =
    "  leaktrack gate captures/ --baseline leaks.txt --junit leaks.xml\n"
    "  leaktrack gate --at-exit --runs 1 -- ./unit_test\n"
    "  leaktrack gate --write-baseline leaks.txt -- ./soak_test --loops 1000\n\n"
    "What follows -- is run --runs times and judged. Exit status: 0 pass, 1 a leak that is new, "
    "worse or over a limit,\n"
    "2 the gate could not do its work, 3 inconclusive (see --inconclusive).";

constexpr char kMergeExamples[] =
    "  leaktrack merge /var/tmp/captures\n"
    "  leaktrack merge --format json -o fleet.json captures/ /mnt/other-host/captures/\n\n"
    "Captures are read one after another, however many there are. Exit status: 0 nothing found, 1 "
    "a leak or a suspect in any run,\n"
    "2 it could not be done, 3 inconclusive (growth without proof, runs too short, data lost, or "
    "files that could not be read).";

constexpr char kSealExamples[] =
    "  leaktrack seal host.service.4711.0f3c.ltk\n"
    "  leaktrack seal --source -o to-send.ltk host.service.4711.0f3c.ltk\n\n"
    "A sealed capture needs no binaries: copy it anywhere, and report, merge, diff and gate read "
    "the names from it.\n"
    "Seal where the binaries are. Exit status: 0 sealed, 2 it could not be; the capture is then as "
    "it was.";

constexpr char kDoctorExamples[] =
    "  leaktrack doctor ./service          before a run\n"
    "  leaktrack doctor -- env -i ./service --port 80     the whole command, wrappers and all\n"
    "  leaktrack doctor 4711               why a running process is not tracked\n\n"
    "Exit status: 0 it can be tracked, 1 something forbids it, 2 it could not be examined.";

constexpr char kDumpExamples[] = "  leaktrack dump host.service.4711.0f3c.ltk | grep survivor";

// Accepts what the library accepts, and gives it back in the form that the library reads.
std::string IntervalProblem(std::string& text) {
  if (text == "auto" || text == "exact") return "";
  const absl::StatusOr<uint64_t> bytes = ParseSize(text);
  if (!bytes.ok()) return std::string(bytes.status().message());
  if (*bytes == 0)
    return "an interval of 0 bytes samples nothing; use --exact to record every allocation";
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
  run->add_option("-o,--output", options->output_directory,
                  "where captures go (default: $LEAKTRACK_OUT, else here)")
      ->type_name("DIR");
  auto* exact =
      run->add_flag("--exact", options->exact, "record every allocation: slower, no estimates");
  run->add_option("--interval", options->interval,
                  "mean bytes between samples: auto, or a size such as 64KiB")
      ->type_name("SIZE")
      ->transform(CLI::Validator(IntervalProblem, ""))
      ->excludes(exact);
  run->add_option("--unwinder", options->unwinder,
                  "how stacks are walked: cfi (default) or libunwind")
      ->check(CLI::IsMember({"cfi", "libunwind"}));
  run->prefix_command();  // the rest belongs to the command, whatever it looks like
  run->callback([run, options, tail, action] {
    options->command = run->remaining();
    options->command.insert(options->command.end(), tail.begin(), tail.end());
    if (options->command.empty()) throw CLI::RequiredError("COMMAND (after --)");
    *action = [options]() -> absl::StatusOr<int> { return RunRun(*options); };
  });
}

// What the report is told beside the capture: limits, levels, whom not to blame, what earlier runs
// taught.
void DescribeJudging(CLI::App& report, ReportOptions& options) {
  ReportSettings& settings = options.settings;
  auto* no_history = report.add_flag("--no-history", options.no_history,
                                     "neither use nor add to what earlier runs taught");
  report
      .add_option("--history", options.history,
                  "where that lies (default: $XDG_STATE_HOME/leaktrack)")
      ->type_name("DIR")
      ->excludes(no_history);
  report
      .add_option("--limit", settings.limit,
                  "the memory limit (default: the cgroup's, ulimit -v's, or the machine's)")
      ->type_name("SIZE");
  report
      .add_option("--status-use", settings.status_use,
                  "percent of the limit from which on it is WARNING,CRITICAL,OOM IMMINENT")
      ->type_name("P,P,P")
      ->capture_default_str();
  report
      .add_option("--status-time", settings.status_time,
                  "time to the limit below which it is the same")
      ->type_name("T,T,T")
      ->capture_default_str();
  report
      .add_option("--wrapper", settings.wrappers,
                  "never blame functions of this name ('pool_*'); may be repeated")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  report
      .add_option("--wrapper-file", settings.wrapper_files, "a file of such patterns, one a line")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void DescribeSymbols(CLI::App& command, SymbolizerOptions& symbols) {
  command
      .add_option("--sysroot", symbols.sysroot, "look for programs and libraries under DIR first")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  command
      .add_option("--debug-dir", symbols.debug_dirs,
                  "look for debug files in DIR first, by path, name and build-id; may be repeated")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory)
      ->allow_extra_args(false);
  command.add_flag("--no-symbol-cache", symbols.forget_names,
                   "neither read nor keep names in ~/.cache/leaktrack ($XDG_CACHE_HOME)");
  command.add_flag("--debuginfod", symbols.debuginfod,
                   "fetch what is missing from the servers that DEBUGINFOD_URLS names");
}

void DescribeReport(CLI::App& app, Action* action) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* report =
      app.add_subcommand("report", "Says which call sites grow, how fast, and how sure that is");
  report->footer(kReportExamples);
  report->add_option("CAPTURE", options->captures, "captures, or directories of captures")
      ->required();
  std::vector<std::string> formats;
  for (const ReportFormat& format : ReportFormats()) formats.emplace_back(format.name);
  report
      ->add_option("--format", options->format,
                   "what to write (default: text); html is one page for a browser, pprof, folded "
                   "and speedscope are for the tools of that name")
      ->check(CLI::IsMember(formats));
  report->add_option("-o,--output", options->output, "write to FILE instead of standard output")
      ->type_name("FILE");
  report
      ->add_option("--top", options->top,
                   "how many sites in full (default: 5 in text, 1000 in html, 2000 in json, all "
                   "in the other formats)")
      ->type_name("N");
  report
      ->add_option("--site", options->site,
                   "only the site of this number, as the report gives it, with its whole stack")
      ->type_name("N");
  report
      ->add_option("--filter", options->filter,
                   "only sites with this function or module in their stack: a part of the name, or "
                   "all of it with * for any")
      ->type_name("PATTERN");
  report
      ->add_option("--since", options->since,
                   "judge only the last 2h (or so) of the run; what was alive before is no growth")
      ->type_name("DURATION");
  DescribeSymbols(*report, options->symbols);
  report->add_flag("--no-source", options->no_source,
                   "put no lines of source into the page (html), for it may be passed on");
  DescribeJudging(*report, *options);
  report->callback([options, action] { *action = [options] { return RunReport(*options); }; });
}

void DescribeDiff(CLI::App& app, Action* action) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* diff = app.add_subcommand(
      "diff", "Says which sites leak more in one version of a program than in another");
  diff->footer(kDiffExamples);
  diff->add_option("BASE", options->base, "the version to compare with")->required();
  diff->add_option("NEW", options->now, "the version in question")->required();
  diff->add_flag("--at-exit", options->at_exit,
                 "count what was never freed, not what the second half of the run added");
  diff->add_option("--min-bytes", options->min_bytes,
                   "smaller differences do not matter, per run (default: 1KiB)")
      ->type_name("SIZE");
  diff->add_option("--format", options->format, "text, json or html")
      ->check(CLI::IsMember({"text", "json", "html"}));
  diff->add_option("-o,--output", options->output, "write to FILE instead of standard output")
      ->type_name("FILE");
  DescribeSymbols(*diff, options->symbols);
  diff->callback([options, action] { *action = [options] { return RunDiff(*options); }; });
}

void DescribeMerge(CLI::App& app, Action* action) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* merge = app.add_subcommand(
      "merge", "Sums up a process tree or a fleet: which sites grow, in how many runs, how fast");
  merge->footer(kMergeExamples);
  merge
      ->add_option("CAPTURE", options->captures,
                   "captures, or directories with captures in or below them")
      ->required();
  merge->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  merge->add_option("-o,--output", options->output, "write to FILE instead of standard output")
      ->type_name("FILE");
  merge
      ->add_option("--top", options->top,
                   "how many sites of each program (default: 5 in text, all in json)")
      ->type_name("N");
  DescribeSymbols(*merge, options->symbols);
  merge->callback([options, action] { *action = [options] { return RunMerge(*options); }; });
}

void DescribeGateFiles(CLI::App& gate, GateCommandOptions& options) {
  gate.add_option("--baseline", options.baseline, "the leaks to live with")->type_name("FILE");
  gate.add_option("--write-baseline", options.write_baseline, "write what leaks now as a baseline")
      ->type_name("FILE");
  gate.add_option("--limits", options.limits,
                  "how much may leak: a TOML file with max-total, max-site, min-bytes, [[site]]")
      ->type_name("FILE");
  gate.add_option("--suppressions", options.suppressions,
                  "sites to leave out, in LeakSanitizer's syntax")
      ->type_name("FILE");
  gate.add_option("--junit", options.junit, "write JUnit XML")->type_name("FILE");
  gate.add_option("--sarif", options.sarif, "write SARIF 2.1.0")->type_name("FILE");
  gate.add_option("--gitlab", options.gitlab, "write GitLab code quality JSON")->type_name("FILE");
  gate.add_flag("--github", options.github,
                "print GitHub annotations, and append to the step summary");
  gate.add_option("--source-root", options.source_root,
                  "name source files from DIR (default: the Git checkout we are in)")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  gate.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void DescribeGate(CLI::App& app, const std::vector<std::string>& tail, Action* action) {
  auto options = std::make_shared<GateCommandOptions>();
  CLI::App* gate = app.add_subcommand("gate", "Passes or fails a build by what it leaks");
  gate->footer(kGateExamples);
  gate->add_option("CAPTURE", options->capture,
                   "a capture, a directory of them, or a directory of run-N directories");
  gate->add_flag("--at-exit", options->at_exit, "every block that was never freed is a leak");
  gate->add_option("--runs", options->runs, "how often the command is run (default: 3)")
      ->check(CLI::Range(1, 100));
  gate->add_option("--interval", options->interval,
                   "mean bytes between samples, or exact (default: 16KiB)")
      ->type_name("SIZE")
      ->transform(CLI::Validator(IntervalProblem, ""));
  gate->add_flag("--cost", options->cost,
                 "run it once more, untracked, and say what tracking costs in CPU time");
  gate->add_option("--keep", options->keep, "keep the captures of the command's runs in DIR")
      ->type_name("DIR");
  gate->add_option("--min-bytes", options->min_bytes,
                   "smaller leaks do not matter, per run (default: 1KiB; at exit 1)")
      ->type_name("SIZE");
  gate->add_option("--max-total", options->max_total,
                   "fail when all leaks together keep more, per run")
      ->type_name("SIZE");
  gate->add_option("--max-site", options->max_site, "fail when one site keeps more, per run")
      ->type_name("SIZE");
  gate->add_option("--inconclusive", options->inconclusive, "pass, fail or 3 (default)")
      ->check(CLI::IsMember({"pass", "fail", "3"}));
  DescribeGateFiles(*gate, *options);
  DescribeSymbols(*gate, options->symbols);
  gate->callback([options, tail, action] {
    options->command = tail;
    if (options->capture.empty() == tail.empty())
      throw CLI::RequiredError("either CAPTURE or a command after --");
    *action = [options] { return RunGate(*options); };
  });
}

void DescribeSeal(CLI::App& app, Action* action) {
  auto options = std::make_shared<SealOptions>();
  CLI::App* seal = app.add_subcommand(
      "seal", "Writes names, files and lines into a capture, so that it opens complete elsewhere");
  seal->footer(kSealExamples);
  seal->add_option("CAPTURE", options->capture,
                   "a capture, or a directory: all captures in it and below")
      ->required();
  seal->add_option(
          "-o,--output", options->output,
          "write the sealed capture to FILE, or into the directory FILE, instead of in its place")
      ->type_name("FILE");
  seal->add_flag("--source", options->source,
                 "also the lines of source around each place; leave it out for confidential code");
  DescribeSymbols(*seal, options->symbols);
  seal->callback([options, action] { *action = [options] { return RunSeal(*options); }; });
}

void DescribeDoctor(CLI::App& app, const std::vector<std::string>& tail, Action* action) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* doctor = app.add_subcommand(
      "doctor", "Says whether a program or process can be tracked, and if not, what to do");
  doctor->footer(kDoctorExamples);
  doctor->add_option("TARGET", options->target,
                     "a process id, or a program; or after -- a command, as for run");
  doctor
      ->add_option("-o,--output", options->output_directory,
                   "where captures would go (default: $LEAKTRACK_OUT, else here)")
      ->type_name("DIR");
  doctor->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  doctor->callback([doctor, options, tail, action] {
    options->command = tail;
    if ((doctor->count("TARGET") == 0) == tail.empty())
      throw CLI::RequiredError("either TARGET or a command after --");
    *action = [options] { return RunDoctor(*options); };
  });
}

void DescribeDump(CLI::App& app, Action* action) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* dump = app.add_subcommand("dump", "Prints the records of a capture, one a line");
  dump->footer(kDumpExamples);
  dump->add_option("CAPTURE", options->capture, "a capture, or a directory of captures")
      ->required();
  dump->add_option("-o,--output", options->output, "write to FILE instead of standard output")
      ->type_name("FILE");
  dump->callback([options, action] { *action = [options] { return RunDump(*options); }; });
}

}  // namespace

bool TakesCommand(std::string_view command) {
  return command == "run" || command == "gate" || command == "doctor";
}

std::vector<std::string> CutCommand(int* argc, char** argv) {
  if (*argc < 2 || !TakesCommand(argv[1])) return {};
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
  DescribeMerge(app, action);
  DescribeDiff(app, action);
  DescribeGate(app, tail, action);
  DescribeSeal(app, action);
  DescribeDoctor(app, tail, action);
  DescribeDump(app, action);
}

}  // namespace leaktrack
