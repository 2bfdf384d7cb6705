// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate_runs.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/analysis/analyze.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/progress.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/captures.h"
#include "tools/inspect/lsan_suppressions.h"
#include "tools/report/words/exec_words.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/module_files.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

bool Begins(const SiteKey& key, const SiteKey& with) {
  return key.size() >= with.size() && std::equal(with.begin(), with.end(), key.begin());
}

// What the analyzer accuses, counted: an accused sum of sites is named by the frames that they
// share.
std::vector<SiteCount> AccusedOf(const Analysis& analysis, const std::vector<SiteCount>& counts) {
  std::vector<SiteCount> accused;
  for (const SiteResult& site : analysis.sites) {
    if (!site.significant) continue;
    SiteCount sum;
    // By the frame that one stack alone shows: what is learned from a whole run may be another in
    // the next build.
    sum.key = MakeSiteKey(site.stack, BlameIndex(site.stack));
    sum.stack = site.stack;
    sum.blame = site.blame;
    for (const SiteCount& one : counts) {
      if (site.merged ? !Begins(one.key, sum.key) : one.key != sum.key) continue;
      sum.count += one.count;
      sum.blocks += one.blocks;
      sum.bytes += one.bytes;
    }
    accused.push_back(std::move(sum));
  }
  return accused;
}

// The program and its libraries may bring suppressions of their own, as they do for LeakSanitizer.
void ReadOwnSuppressions(const capture::Capture& capture, const SymbolizerOptions& symbols,
                         GateRun& run) {
  for (const capture::ModuleInfo& module : capture.modules) {
    const ModuleFiles files = FindModuleFiles(module, symbols);
    if (files.main == nullptr) continue;
    const absl::StatusOr<std::string> text = LsanDefaultSuppressions(files.main->path());
    if (!text.ok())
      run.notes.emplace_back(text.status().message());
    else if (!text->empty())
      run.own_suppressions[files.main->path()] = *text;
  }
}

// One life of one process of a tree.
struct Process {
  GateRun run;
  uint32_t pid = 0;
  int64_t started_ns = 0;
  std::string became;  // the program as which it ran on untracked, and why; empty: none
};

void TellOfExecs(const capture::Capture& capture, Process& process) {
  process.pid = capture.process.pid;
  process.started_ns = capture.process.start_realtime_ns;
  for (const capture::UntrackedExec& exec : capture.execs) {
    const std::string text = ExecText(exec);
    if (exec.of_child) {
      process.run.notes.push_back(absl::StrCat(SafeText(process.run.counts.path), ": ", text));
    } else {
      process.became = text;
    }
  }
}

absl::StatusOr<Process> LoadCapture(const std::string& path, CountMode mode,
                                    const SymbolizerOptions& symbols) {
  ASSIGN_OR_RETURN(const capture::Capture capture, OpenCapture(path));
  if (capture.running)
    return absl::FailedPreconditionError(
        absl::StrCat(SafeText(path), ": the program still runs; gate it after its end"));
  if (capture.as_of)
    return absl::FailedPreconditionError(absl::StrCat(
        SafeText(path), ": was sealed while its program ran; gate the capture of the whole run"));
  FrameCache cache(FrameStore::For(symbols));
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(capture, symbols, &cache, SealOf(capture));
  Process process;
  GateRun& run = process.run;
  run.counts = CountRun(capture, *symbolizer, CountMode::kAtExit);
  ReadOwnSuppressions(capture, symbols, run);
  TellOfExecs(capture, process);
  if (mode == CountMode::kAtExit) {
    run.leaks = run.counts.sites;
    return process;
  }
  const Analysis analysis = Analyze(capture, *symbolizer);
  const RunCounts grown = CountRun(capture, *symbolizer, CountMode::kGrown);
  // Work that was counted belongs to the second half, and so must the bytes that are divided by it.
  run.leaks = AccusedOf(analysis, grown.work_is_counted ? grown.sites : run.counts.sites);
  if (analysis.conclusion == Conclusion::kTooShort)
    run.counts.unjudged = analysis.inconclusive_because;
  if (analysis.conclusion == Conclusion::kDataLost && run.counts.unusable.empty())
    run.counts.unusable = analysis.inconclusive_because;
  run.counts.sites = grown.sites;
  run.counts.work = grown.work;
  run.counts.work_is_counted = grown.work_is_counted;
  return process;
}

void AddSites(std::vector<SiteCount>& into, const std::vector<SiteCount>& from) {
  std::map<SiteKey, SiteCount*> known;
  for (SiteCount& site : into) known[site.key] = &site;
  std::vector<SiteCount> fresh;
  for (const SiteCount& site : from) {
    const auto found = known.find(site.key);
    if (found == known.end()) {
      fresh.push_back(site);
    } else {
      found->second->count += site.count;
      found->second->blocks += site.blocks;
      found->second->born += site.born;
      found->second->bytes += site.bytes;
      for (size_t i = 0; i < kTenths; ++i)
        found->second->births_by_tenth[i] += site.births_by_tenth[i];
    }
  }
  into.insert(into.end(), fresh.begin(), fresh.end());
}

// The work of a tree is what its processes counted together; one run where none of them counts.
void AddWork(RunCounts& into, const RunCounts& from) {
  if (!from.work_is_counted) return;
  into.work = (into.work_is_counted ? into.work : 0) + from.work;
  into.work_is_counted = true;
}

// Adds what a process left to its tree. One that crashed says nothing of what it would have freed;
// a test that lets a child crash and passes has meant it, so such a child is left out and named,
// and does not make the run inconclusive.
void AddProcess(GateRun& tree, GateRun process, bool speaks) {
  tree.own_suppressions.merge(process.own_suppressions);
  tree.notes.insert(tree.notes.end(), process.notes.begin(), process.notes.end());
  if (process.counts.crashed && !speaks) {
    tree.notes.push_back(
        absl::StrCat(SafeText(process.counts.path), ": crashed; what it left is not counted"));
    return;
  }
  const bool silent = process.counts.samples == 0 && !speaks;
  if (tree.counts.unusable.empty() && !silent) tree.counts.unusable = process.counts.unusable;
  tree.counts.interval = std::max(tree.counts.interval, process.counts.interval);
  AddWork(tree.counts, process.counts);
  AddSites(tree.counts.sites, process.counts.sites);
  AddSites(tree.leaks, process.leaks);
}

// Where the command itself ran on untracked the run proves nothing; of its children it is said. The
// command is the process that was there first, in all its lives.
void TellWhatRanUntracked(const std::vector<Process>& processes, GateRun& tree) {
  const auto first = std::ranges::min_element(processes, {}, &Process::started_ns);
  for (const Process& process : processes) {
    if (process.became.empty()) continue;
    if (process.pid == first->pid) {
      tree.counts.unusable = process.became;
    } else {
      tree.notes.push_back(absl::StrCat(SafeText(process.run.counts.path), ": ", process.became));
    }
  }
}

// The process that allocated most, and did not crash, speaks for the tree: helpers that end at once
// are too short to judge, a shell that only waits has nothing to say, and neither is a loss.
absl::StatusOr<GateRun> LoadTree(const std::vector<std::string>& paths, CountMode mode,
                                 const SymbolizerOptions& symbols) {
  std::vector<Process> processes;
  Progress progress("reading captures");
  for (size_t i = 0; i < paths.size(); ++i) {
    progress.Step(i + 1, paths.size());
    ASSIGN_OR_RETURN(Process one, LoadCapture(paths[i], mode, symbols));
    processes.push_back(std::move(one));
  }
  const auto speaker =
      std::max_element(processes.begin(), processes.end(), [](const Process& a, const Process& b) {
        return std::pair(!a.run.counts.crashed, a.run.counts.samples) <
               std::pair(!b.run.counts.crashed, b.run.counts.samples);
      });
  GateRun tree;
  if (speaker == processes.end()) return tree;
  const RunCounts& counts = speaker->run.counts;
  tree.counts.path = counts.path;
  tree.counts.program = counts.program;
  tree.counts.seconds = counts.seconds;
  tree.counts.samples = counts.samples;
  tree.counts.unjudged = counts.unjudged;
  TellWhatRanUntracked(processes, tree);
  for (Process& process : processes)
    AddProcess(tree, std::move(process.run), &process == &*speaker);
  return tree;
}

// "run-1", "run-2" ... in a directory, in order; empty where there are none.
std::vector<std::string> RunDirectories(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.is_directory(error) && entry.path().filename().string().starts_with(kRunDirectory))
      found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<std::string>>> CapturesOfRuns(const std::string& path) {
  std::vector<std::string> places = RunDirectories(path);
  if (places.empty()) places.push_back(path);
  std::vector<std::vector<std::string>> runs;
  for (const std::string& place : places) {
    ASSIGN_OR_RETURN(std::vector<std::string> captures, CapturesAt(place));
    runs.push_back(std::move(captures));
  }
  return runs;
}

absl::StatusOr<std::vector<GateRun>> LoadRuns(const std::string& path, CountMode mode,
                                              const SymbolizerOptions& symbols) {
  ASSIGN_OR_RETURN(const std::vector<std::vector<std::string>> places, CapturesOfRuns(path));
  std::vector<GateRun> runs;
  for (const std::vector<std::string>& captures : places) {
    ASSIGN_OR_RETURN(GateRun run, LoadTree(captures, mode, symbols));
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace leaktrack
