// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack dump`: what a capture holds, as text, one record a line. For looking closely, and for
// grep.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libtrack/capture/age_band.h"
#include "tools/base/progress.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/captures.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/report/input/report_input.h"
#include "tools/report/words/exec_words.h"
#include "tools/report/words/names.h"

namespace leaktrack {
namespace {

using capture::Capture;

constexpr char kExamples[] = "  leaktrack dump host.service.4711.0f3c.ltk | grep survivor";

struct DumpOptions {
  std::string capture;
  std::string output;  // empty: standard output
};

constexpr const char* kLossNames[] = {
    "allocations", "frees",    "unwind",       "truncated_stacks",   "kept_events", "cells",
    "modules",     "mappings", "stale_blocks", "nested_allocations", "threads",     "notes"};
static_assert(std::size(kLossNames) == capture::kLossCount,
              "a new way to lose something needs a name here");

void DumpHeader(const Capture& capture, std::string& out) {
  const capture::ProcessInfo& process = capture.process;
  absl::StrAppendFormat(&out, "capture %s format %d.%d\n", SafeText(capture.path), capture.major,
                        capture.minor);
  absl::StrAppendFormat(&out,
                        "process pid %d parent %d run %016x parent_run %016x start_ns %d host %s\n",
                        process.pid, process.parent_pid, process.run_id, process.parent_run_id,
                        process.start_realtime_ns, SafeText(process.host));
  absl::StrAppendFormat(&out, "command %s\n", SafeText(process.command));
  absl::StrAppendFormat(
      &out, "end %s duration_ms %d recorder %s%s%s\n", EndName(capture), capture.duration_ms,
      process.recorder_was_anonymous ? "anonymous" : SafeText(process.recorder_path),
      capture.recorder_used ? " used" : "", capture.recorder_missing ? " missing" : "");
  absl::StrAppendFormat(&out, "cgroup %s limited by %s\n", SafeText(process.cgroup),
                        SafeText(process.limiting_cgroup));
  if (const auto& kill = capture.oom_kill; kill) {
    absl::StrAppendFormat(&out, "oom_kill by %s scope %s limit %d realtime_ns %d cgroup %s\n",
                          Name(kill->by), Name(kill->scope), kill->limit_bytes, kill->realtime_ns,
                          SafeText(kill->cgroup));
  }
  absl::StrAppendFormat(&out, "interval configured %d now %d min %d max %d\n",
                        capture.configured_interval, capture.interval_now, capture.interval_min,
                        capture.interval_max);
  absl::StrAppendFormat(
      &out, "samples total %d live %d thinned %d epochs_lost %d exact_limit_hit_ms %d\n",
      capture.samples_total, capture.live_count, capture.thinned_total, capture.epochs_lost,
      capture.exact_limit_hit_ms);
  absl::StrAppendFormat(&out, "allocator %s\n",
                        capture.allocator.empty() ? "unknown" : SafeText(capture.allocator));
  for (size_t i = 0; i < capture.losses.size(); ++i) {
    absl::StrAppendFormat(&out, "loss %s %d\n", kLossNames[i], capture.losses[i]);
  }
  for (const auto& [name, state] : capture.hooks) {
    absl::StrAppendFormat(&out, "hook %s %s\n", SafeText(name), HookStateName(state));
  }
  for (const std::string& line : capture.damage)
    absl::StrAppendFormat(&out, "damage %s\n", SafeText(line));
}

void DumpDictionary(const Capture& capture, std::string& out) {
  for (const capture::ModuleInfo& module : capture.modules) {
    absl::StrAppendFormat(
        &out, "module %d [%x, %x) bias %x loaded_ms %d unloaded_ms %d build_id %s %s\n",
        module.number, module.start, module.end, module.bias, module.loaded_ms, module.unloaded_ms,
        module.build_id.empty() ? "-" : SafeText(module.build_id), SafeText(module.path));
  }
  std::vector<capture::SiteId> sites;
  for (const auto& [site, stack] : capture.stacks) sites.push_back(site);
  std::sort(sites.begin(), sites.end());
  for (const capture::SiteId site : sites) {
    const capture::StackInfo& stack = capture.stacks.at(site);
    absl::StrAppendFormat(&out, "stack %d %s%s", site,
                          stack.kind == capture::SiteKind::kHeap ? "heap" : "mapping",
                          stack.truncated ? " truncated" : "");
    if (stack.immortal) out += " immortal";
    if (stack.pool != 0) absl::StrAppend(&out, " pool ", stack.pool);
    for (const capture::Frame frame : stack.frames) {
      absl::StrAppendFormat(&out, " %d:%x", capture::FrameModule(frame),
                            capture::FrameAddress(frame));
    }
    out += '\n';
  }
}

std::string BandName(uint8_t band) {
  switch (band) {
    case capture::kBandBirths:
      return "births";
    case capture::kBandThinned:
      return "thinned";
    case capture::kBandRelabelled:
      return "relabelled";
    default:
      return absl::StrCat("deaths_from_ms_", capture::BandStartMs(band));
  }
}

void DumpNotes(const Capture& capture, std::string& out) {
  for (const auto& [number, name] : capture.pools)
    absl::StrAppendFormat(&out, "pool %d %s\n", number, SafeText(name));
  for (const capture::Phase& phase : capture.phases) {
    absl::StrAppendFormat(&out, "phase [%d, %d%c ms %s\n", phase.start_ms, phase.end_ms,
                          phase.ended ? ')' : '+', SafeText(phase.name));
  }
  for (const capture::UntrackedExec& exec : capture.execs) {
    absl::StrAppendFormat(&out, "exec time_ms %d %s untracked %s %s\n", exec.time_ms,
                          exec.of_child ? "child" : "self", FateName(exec.why),
                          SafeText(exec.path));
  }
  for (const capture::Snapshot& snapshot : capture.snapshots) {
    absl::StrAppendFormat(&out, "snapshot time_ms %d %s\n", snapshot.time_ms,
                          SafeText(snapshot.name));
  }
}

void DumpSeries(const Capture& capture, std::string& out) {
  for (const capture::CellSeries& series : capture.cells) {
    for (const capture::CellPoint& point : series.points) {
      absl::StrAppendFormat(
          &out, "cell site %d %s time_ms %d samples %d objects %.6g bytes %.9g error %.6g\n",
          series.site, BandName(series.band), point.time_ms, point.samples, point.objects,
          point.bytes, point.variance);
    }
  }
  for (const capture::MemorySample& m : capture.memory) {
    absl::StrAppendFormat(
        &out,
        "memory time_ms %d rss %d anonymous %d file %d shared %d swap %d stack %d cgroup %d of %d "
        "rlimit %d machine %d of %d oom_kills %d allocator in_use %d free %d mapped %d arenas %d "
        "read_ms %d work_units %d threads %d address_space %d reclaimable %d\n",
        m.time_ms, m.rss, m.anonymous, m.file, m.shared, m.swap, m.stack, m.cgroup_current,
        m.cgroup_max, m.rlimit_as, m.machine_available, m.machine_total, m.oom_kills,
        m.allocator_in_use, m.allocator_free, m.allocator_mapped, m.allocator_arenas,
        m.allocator_read_ms, m.work_units, m.threads, m.address_space, m.cgroup_reclaimable);
  }
}

void DumpBlocks(const Capture& capture, std::string& out) {
  for (const capture::Survivor& s : capture.survivors) {
    absl::StrAppendFormat(
        &out,
        "survivor site %d size %d interval %d birth_ms %d first_birth_ms %d chain %d kept %.4g\n",
        s.site, s.size, s.interval_bytes, s.birth_ms, s.first_birth_ms, s.chain,
        s.keep_probability);
  }
  for (const capture::KeptDeath& d : capture.kept_deaths) {
    absl::StrAppendFormat(
        &out, "death site %d size %d interval %d birth_ms %d death_ms %d chain %d kept %.4g\n",
        d.site, d.size, d.interval_bytes, d.birth_ms, d.death_ms, d.chain, d.keep_probability);
  }
}

std::string DumpText(const Capture& capture) {
  std::string out;
  DumpHeader(capture, out);
  DumpDictionary(capture, out);
  DumpNotes(capture, out);
  DumpSeries(capture, out);
  DumpBlocks(capture, out);
  return out;
}

absl::StatusOr<std::string> DumpAll(const std::vector<std::string>& paths) {
  Progress progress("reading captures");
  std::string text;
  for (size_t i = 0; i < paths.size(); ++i) {
    progress.Step(i + 1, paths.size());
    ASSIGN_OR_RETURN(const Capture capture, OpenCapture(paths[i]));
    text += DumpText(capture);
  }
  return text;
}

void AddOptions(OptionList& list, DumpOptions& options) {
  list.Footer(kExamples);
  list.Add("CAPTURE", options.capture, "a capture, or a directory of captures").Required();
  AddOutputOption(list, options.output);
}

absl::StatusOr<int> Run(const DumpOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAt(options.capture));
  const Inputs inputs(paths);
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  ASSIGN_OR_RETURN(const std::string text, DumpAll(paths));
  RETURN_IF_ERROR(WriteOutput(options.output, text, inputs));
  return kExitNothingFound;
}

}  // namespace

constinit const Command kDump = MakeCommand<DumpOptions, AddOptions, Run>(
    "dump", "Prints the records of a capture, one a line");

}  // namespace leaktrack
