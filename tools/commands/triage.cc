// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack triage`: the first thirty seconds of a night: which process or cgroup of this host
// runs towards its limit, tracked or not, and what to do next.
//
// Promises: looks, changes nothing, runs nothing. Works unprivileged, and says what it could not
// see. Text comes twice: after two seconds, and at the end.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/live_session.h"
#include "tools/commands/output.h"
#include "tools/commands/report_settings.h"
#include "tools/commands/shared_options.h"
#include "tools/live/words/triage_page.h"

namespace leaktrack {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kFirstPage = 2;     // seconds
constexpr double kQuickStep = .25;   // between looks, before the first page
constexpr double kStep = 1;          // after it
constexpr size_t kMostAnalysed = 8;  // captures that are read
constexpr int kPipedColumns = 100;
constexpr uint32_t kLongest = 24 * 3600;

constexpr char kExamples[] =
    "  leaktrack triage                    first page after 2 s, the last after 30 s\n"
    "  leaktrack triage --seconds 120      slower growth is seen in a longer time\n"
    "  leaktrack triage --seconds 5 --format json\n\n"
    "It only looks. Growth has a 90 % range; a time to the limit has an 80 % range, and no upper "
    "end where the growth was not watched\nfor as long as is left. Start-ups, filling caches and "
    "memory that has been as high before are named, and raise no alarm.\n\n"
    "Exit status: 0 nothing runs towards a limit, 1 something does (WARNING or worse), 2 nothing "
    "could be read,\n3 something grows, and no limit is near.";

struct TriageFormat;

struct TriageCommandOptions {
  size_t seconds = 30;
  size_t top = 15;
  const TriageFormat* format = nullptr;
  std::string output;
  std::string status_use = "75,85,97";
  std::string status_time = "24h,1h,10m";
};

struct TriageFormat {
  const char* name;
  bool pages;  // a first page may come before the last
  std::string (*write)(const live::HostView& host, const live::TriageOptions& options);
};
constexpr TriageFormat kFormats[] = {{"text", true, live::TriageText},
                                     {"json", false, live::TriageJson}};

void AddOptions(OptionList& list, TriageCommandOptions& options) {
  list.Footer(kExamples);
  AddNumberOption(list, "--seconds", options.seconds, "how long to watch")
      .ShowDefault()
      .Between(1U, kLongest);
  AddChoice<TriageFormat>(list, "--format", options.format, kFormats, "text or json");
  AddNumberOption(list, "--top", options.top, "how many processes in text").ShowDefault();
  AddOutputOption(list, options.output);
  AddStatusOptions(list, options.status_use, options.status_time);
}

live::TriageOptions PageOptions(const TriageCommandOptions& options) {
  live::TriageOptions page;
  const bool to_file = !options.output.empty();
  page.columns =
      static_cast<size_t>(to_file ? kPipedColumns : TerminalColumns(STDOUT_FILENO, kPipedColumns));
  page.colour = !to_file && WantColour(STDOUT_FILENO);
  page.processes = options.top;
  page.now = WallClock();
  page.next = NextStepsHere();
  return page;
}

// Looks until so many seconds after `start`.
void LookUntil(Clock::time_point start, double seconds, double step, LiveSession& session) {
  const auto end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (true) {
    session.Look();
    const auto next = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                         std::chrono::duration<double>(step));
    std::this_thread::sleep_until(std::min(next, end));
    if (Clock::now() >= end) return;
  }
}

absl::Status FirstPage(const TriageCommandOptions& options, LiveSession& session) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  const std::string page = options.format->write(session.View(kMostAnalysed), PageOptions(options));
  const std::string more = "\n--- better after " + std::to_string(options.seconds) + " s ---\n\n";
  RETURN_IF_ERROR(WriteOutput("", terminal ? "\x1b[H\x1b[2J" + page : page + more, Inputs()));
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const TriageCommandOptions& options) {
  ASSIGN_OR_RETURN(const StatusLevels levels, ReadLevels(options.status_use, options.status_time));
  RETURN_IF_ERROR(CheckOutputs({options.output}, Inputs()));
  LiveSession session(levels);
  const auto start = Clock::now();
  const bool early =
      options.format->pages && options.output.empty() && options.seconds > kFirstPage;
  LookUntil(start, std::min<double>(options.seconds, kFirstPage), kQuickStep, session);
  if (early) RETURN_IF_ERROR(FirstPage(options, session));
  if (options.seconds > kFirstPage) LookUntil(start, options.seconds, kStep, session);
  session.Look();
  const live::HostView view = session.View(kMostAnalysed);
  if (view.processes.empty())
    return absl::NotFoundError("/proc shows no process: is it mounted, and may it be read?");
  std::string page = options.format->write(view, PageOptions(options));
  if (early && isatty(STDOUT_FILENO) != 0) page.insert(0, "\x1b[H\x1b[2J");
  RETURN_IF_ERROR(WriteOutput(options.output, page, Inputs()));
  switch (AnswerOf(view)) {
    case live::TriageAnswer::kOk:
      return kExitNothingFound;
    case live::TriageAnswer::kTrouble:
      return kExitFound;
    case live::TriageAnswer::kGrows:
      break;
  }
  return kExitInconclusive;
}

}  // namespace

constinit const Command kTriage = MakeCommand<TriageCommandOptions, AddOptions, Run>(
    "triage", "The 03:00 page: what on this host runs towards its memory limit, and what to do");

}  // namespace leaktrack
