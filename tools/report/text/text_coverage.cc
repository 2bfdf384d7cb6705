// SPDX-License-Identifier: Apache-2.0
//
// How it was watched, and what this run could not see.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/exec_words.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {
namespace {

constexpr size_t kMostModules = 2, kMostDamage = 5, kMostExecs = 4;

struct LossLine {
  capture::LossId id;
  const char* one;   // after "1 "
  const char* many;  // after "1,234 "
  const char* means;
};
// What each loss means to the reader; every one that is not zero has its line.
constexpr LossLine kLosses[] = {
    {capture::kLostAllocations, "sampled allocation", "sampled allocations",
     "found no room: live bytes are too low"},
    {capture::kLostFrees, "free", "frees", "could not be settled: live bytes may be too high"},
    {capture::kLostUnwind, "sample has", "samples have", "no stack: counted, but at no call site"},
    {capture::kTruncatedStacks, "stack was", "stacks were",
     "cut: the callers of that call site may be missing"},
    {capture::kLostKeptEvents, "single death", "single deaths",
     "not kept (their counters are complete)"},
    {capture::kLostCells, "birth or death", "births or deaths",
     "found no counter: growth may be misjudged"},
    {capture::kLostModules, "module", "modules", "found no room: their frames have no names"},
    {capture::kLostMappings, "call that maps memory", "calls that map memory",
     "could not be settled"},
    {capture::kStaleBlocks, "free was", "frees were",
     "missed, and noticed when the address came back"},
    {capture::kNestedAllocations, "allocation or mapping", "allocations or mappings",
     "by a signal handler or a coroutine, made while the tracker was at work: not recorded"},
    {capture::kLostThreads, "thread", "threads", "had no room: what it allocated was not sampled"},
    {capture::kLostNotes, "phase, snapshot or pool", "phases, snapshots or pools",
     "that the program named found no room"},
};
static_assert(std::size(kLosses) == capture::kLossCount,
              "a loss without a line is a loss that nobody sees");

std::string SamplingText(const ReportInput& input) {
  const capture::Capture& capture = input.capture;
  if (capture.interval_now == 0) return "had not begun";
  std::string text =
      capture.interval_now <= 1
          ? "every allocation"
          : absl::StrCat("one per ", FormatSize(static_cast<double>(capture.interval_now)));
  if (capture.interval_min != 0 && capture.interval_min != capture.interval_now) {
    absl::StrAppend(&text, " (",
                    capture.interval_min == 1
                        ? "every one"
                        : FormatSize(static_cast<double>(capture.interval_min)),
                    " at first)");
  }
  const bool exact = capture.interval_now <= 1 && capture.interval_max <= 1;
  absl::StrAppend(&text, ", ",
                  exact ? Counted(capture.samples_total, "block", "blocks")
                        : Counted(capture.samples_total, "sample", "samples"),
                  ", ", FormatCount(capture.live_count), " still alive");
  if (input.analysis.detectable_bytes_per_hour) {
    absl::StrAppend(&text, "; growth of ", GrowthRate(*input.analysis.detectable_bytes_per_hour),
                    " or more at one site would be found (80 % power)");
  }
  return text;
}

void WriteDrawn(const capture::Capture& capture, Remarks& out) {
  if (!capture::IsDrawn(capture.survivors)) return;
  const auto many = std::ranges::count_if(capture.survivors, [](const capture::Survivor& survivor) {
    return survivor.keep_probability < 1;
  });
  out.Add("Drawn", absl::StrCat(FormatCount(capture.survivors.size()),
                                " of the blocks still alive are in the capture one by one, drawn "
                                "at random site by site (",
                                FormatCount(static_cast<uint64_t>(many)),
                                " of them stand for more than themselves, small sites are whole): "
                                "sums are of all blocks, ages and evidence of these"));
}

// Where the last moments are, or are not.
void WriteEnd(const capture::Capture& capture, Remarks& out) {
  if (capture.recorder_used && capture.path == capture.process.recorder_path) {
    out.Add("Lost",
            "the history of the run: its capture was removed, and this is what its flight recorder "
            "holds");
  } else if (capture.recorder_used && !capture.running && !capture.process.recorder_path.empty()) {
    const std::string& why = capture.fold_problem;
    out.Add("Note", absl::StrCat("the end of the run was not written to the capture",
                                 why.empty() ? "" : absl::StrCat(" (", SafeText(why), ")"),
                                 "; it was read from ", SafeText(capture.process.recorder_path),
                                 ", which a restart of the machine deletes"));
  }
  if (!capture.young_missing) return;
  if (capture.end_state == capture::RunState::kKilled) {
    out.Add("Lost",
            "the last moments of the run: its flight recorder is gone, and with it which blocks "
            "younger than 2 s lived");
    return;
  }
  // A copy of what a living process writes, or a process of which nothing more can be seen from
  // here.
  out.Add(
      capture.running ? "Note" : "Lost",
      absl::StrCat(
          "which blocks younger than 2 s lived at the last step: they are counted, but wait in the "
          "flight recorder",
          capture.process.host.empty() ? "" : absl::StrCat(" on ", SafeText(capture.process.host)),
          ", which cannot be read from here; report there, or copy what 'leaktrack seal' writes "
          "there"));
}

void WriteLosses(const capture::Capture& capture, Remarks& out) {
  for (const LossLine& loss : kLosses) {
    const uint64_t count = capture.losses[loss.id];
    if (count != 0)
      out.Add("Lost", absl::StrCat(Counted(count, loss.one, loss.many), " ", loss.means));
  }
  if (capture.epochs_lost != 0) {
    out.Add("Lost", absl::StrCat(Counted(capture.epochs_lost, "step", "steps"),
                                 " of the history (totals are complete)"));
  }
  if (capture.no_thread) {
    out.Add("Note",
            "no helper thread ran (it was not wanted, not allowed, or did not start in time): only "
            "the end was written, how it came about is unknown");
  }
  if (capture.process.recorder_was_anonymous) {
    out.Add(
        "Note",
        "there was no room in /dev/shm (tmpfs): a SIGKILL would have lost up to the last second");
  }
  WriteEnd(capture, out);
  if (capture.exact_limit_hit_ms != 0) {
    out.Add("Note",
            absl::StrCat("exact mode ran out of room after ",
                         FormatDuration(static_cast<double>(capture.exact_limit_hit_ms) / 1e3),
                         " and began to sample"));
  }
  for (size_t i = 0; i < std::min(kMostDamage, capture.damage.size()); ++i)
    out.Add("Damage", SafeText(capture.damage[i]));
  if (capture.damage.size() > kMostDamage) {
    out.Add("Damage", absl::StrCat("and ", capture.damage.size() - kMostDamage, " more places"));
  }
}

void WriteExecs(const capture::Capture& capture, Remarks& out) {
  for (size_t i = 0; i < std::min(kMostExecs, capture.execs.size()); ++i)
    out.Add("Untracked", ExecText(capture.execs[i]));
  if (capture.execs.size() > kMostExecs) {
    out.Add("Untracked", absl::StrCat("and ", capture.execs.size() - kMostExecs,
                                      " more programs, or kinds of them"));
  }
}

void WriteSeal(const ReportInput& input, Remarks& out) {
  if (input.sealed_at) {
    out.Add("Names",
            absl::StrCat("as they were sealed into the capture, ", DateAndTime(*input.sealed_at)));
  }
  if (!input.capture.seal_problem.empty()) out.Add("Names", SafeText(input.capture.seal_problem));
}

void WriteHooks(const capture::Capture& capture, Remarks& out) {
  std::string bypassed;
  for (const auto& [name, state] : capture.hooks) {
    if (state == capture::HookState::kBypassed)
      absl::StrAppend(&bypassed, bypassed.empty() ? "" : ", ", SafeText(name));
  }
  if (bypassed.empty()) return;
  out.Add("Unseen", absl::StrCat("calls that the tracker does not see: ", bypassed,
                                 "; an allocator inside the program answers them, or one that "
                                 "stands in LD_PRELOAD before libleaktrack.so: put "
                                 "libleaktrack.so first"));
}

// One line: a page is not the place for paths and build-ids that nobody asked for. The reason is
// told where it is the same for all, and that servers were to be asked and could not be.
std::string MissingText(const std::vector<MissingSymbols>& missing) {
  std::string names;
  for (size_t i = 0; i < std::min(kMostModules, missing.size()); ++i) {
    const std::string& path = missing[i].module;
    absl::StrAppend(&names, i == 0 ? "" : ", ", SafeText(path.substr(path.rfind('/') + 1)));
  }
  if (missing.size() > kMostModules) absl::StrAppend(&names, " ...");
  const auto unasked = std::ranges::find_if(
      missing, [](const MissingSymbols& one) { return !one.fetch_problem.empty(); });
  const bool alike = std::ranges::all_of(
      missing, [&](const MissingSymbols& one) { return one.reason == missing.front().reason; });
  const bool helpless =
      std::ranges::all_of(missing, [](const MissingSymbols& one) { return one.hint.empty(); });
  std::string help = helpless ? "" : "install -dbgsym packages, or try --debuginfod; ";
  if (unasked != missing.end()) help = absl::StrCat(SafeText(unasked->fetch_problem), "; ");
  return absl::StrCat(CountText(static_cast<double>(missing.size()), "file"),
                      missing.size() == 1 ? " lacks" : " lack", " names or lines (", names,
                      "): ", alike ? absl::StrCat(SafeText(missing.front().reason), "; ") : "",
                      help, "--verbose lists all");
}

void WriteMissing(const std::vector<MissingSymbols>& missing, bool verbose, Remarks& out) {
  if (missing.empty()) return;
  if (!verbose) return out.Add("Symbols", MissingText(missing));
  for (const MissingSymbols& module : missing) {
    std::string text = absl::StrCat(SafeText(module.module), ": ", SafeText(module.Why()));
    if (!module.build_id.empty())
      absl::StrAppend(&text, " (build-id ", SafeText(module.build_id), ")");
    if (!module.hint.empty()) absl::StrAppend(&text, "; ", SafeText(module.hint));
    out.Add("Symbols", text);
  }
}

}  // namespace

Remarks CoverageRemarks(const ReportInput& input, bool verbose) {
  Remarks out;
  WriteExecs(input.capture, out);
  out.Add("Sampling", SamplingText(input));
  WriteDrawn(input.capture, out);
  WriteLosses(input.capture, out);
  WriteHooks(input.capture, out);
  WriteSeal(input, out);
  WriteMissing(input.missing, verbose, out);
  return out;
}

void WriteCoverage(const ReportInput& input, const TextOptions& options, Page& page) {
  page.Blank();
  for (const Remark& remark : CoverageRemarks(input, options.verbose))
    page.Field(remark.label, remark.text);
}

}  // namespace leaktrack
