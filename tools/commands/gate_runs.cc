// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate_runs.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "tools/analysis/analyze.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/progress.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/captures.h"
#include "tools/compare/gate_leaks.h"
#include "tools/inspect/lsan_suppressions.h"
#include "tools/report/words/doubt_words.h"
#include "tools/report/words/exec_words.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/module_files.h"
#include "tools/witness/memory_file.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

// Whether the analyzer has counted the site `one` into an accused one, whose key is `key`. A sum of
// sites has those with the frames that they share, and with the function that owns them.
bool IsPartOf(const SiteResult& accused, const SiteKey& key, const SiteKey& one,
              const OwnCode& own) {
  if (!accused.merged) return one == key;
  return BeginsWith(one, key) &&
         std::ranges::find(one, NameInKey(accused.stack[accused.blame], own)) != one.end();
}

// Adds what of `counts` belongs to an accused site and is suppressed, or is not: a sum of sites may
// have both. `named`: the accused site without amounts.
void AddAccused(const SiteResult& site, const SiteCount& named, const OwnCode& own, bool suppressed,
                const std::vector<SiteCount>& counts, std::vector<SiteCount>& into) {
  SiteCount sum = named;
  sum.suppressed = suppressed;
  for (const SiteCount& one : counts) {
    if (one.suppressed == suppressed && IsPartOf(site, sum.key, one.key, own)) sum.Add(one);
  }
  if (sum.blocks > 0) into.push_back(std::move(sum));
}

// What the analyzer accuses, counted. A sum of sites is named by the frames that they share.
std::vector<SiteCount> AccusedOf(const Analysis& analysis, const OwnCode& own,
                                 const std::vector<SiteCount>& counts) {
  std::vector<SiteCount> accused;
  for (const SiteResult& site : analysis.sites) {
    if (!site.significant) continue;
    SiteCount named;
    // By the frame that one stack alone shows: what is learned from a whole run may be another in
    // the next build.
    const CallStack shared = site.merged ? site.stack.Inner(site.shared_frames) : site.stack;
    named.key = MakeSiteKey(shared, BlameIndex(shared, {}, own), own);
    named.stack = site.stack;
    named.blame = site.blame;
    for (const bool suppressed : {false, true})
      AddAccused(site, named, own, suppressed, counts, accused);
  }
  return accused;
}

// The program and its libraries may bring suppressions of their own, as they do for LeakSanitizer.
// Each file is searched once, for all processes that have it loaded. `modules`: those of this one.
absl::Status ReadOwnSuppressions(const capture::Capture& capture, const LoadOptions& options,
                                 std::vector<std::string>& notes, std::set<std::string>& modules) {
  for (const capture::ModuleInfo& module : capture.modules) {
    const ModuleFiles files = FindModuleFiles(module, options.symbols);
    if (files.main == nullptr) continue;
    const std::string& file = files.main->path();
    if (!options.suppressions->HasOf(file)) {
      const absl::StatusOr<std::string> text = LsanDefaultSuppressions(file);
      if (!text.ok()) notes.emplace_back(text.status().message());
      RETURN_IF_ERROR(options.suppressions->Add(
          text.value_or(""), absl::StrCat(file, "'s __lsan_default_suppressions"), file));
    }
    modules.insert(file);
  }
  return absl::OkStatus();
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

void AddFailedTests(const capture::Capture& capture, std::vector<std::string>& tests) {
  for (const capture::Snapshot& snapshot : capture.snapshots) {
    std::string_view name = snapshot.name;
    if (!name.starts_with(kKeepsMemory)) continue;
    name.remove_prefix(std::string_view(kKeepsMemory).size());
    tests.push_back(SafeText(std::string(name)));
  }
}

// What grew, and what the analyzer says of it.
void CountGrowth(const capture::Capture& capture, Symbolizer& symbolizer, IsSuppressed suppressed,
                 GateRun& run) {
  run.counts = CountRun(capture, symbolizer, CountMode::kGrown, suppressed);
  if (capture.samples_total == 0) return;  // nothing that could grow, however short the run
  const Analysis analysis = Analyze(capture, symbolizer);
  run.leaks = AccusedOf(analysis, OwnCode(capture), run.counts.sites);
  if (analysis.conclusion == Conclusion::kTooShort)
    run.counts.unjudged = DoubtText(analysis.doubts);
  if (analysis.conclusion == Conclusion::kDataLost && run.counts.unusable.empty())
    run.counts.unusable = DoubtText(analysis.doubts);
}

absl::StatusOr<Process> LoadCapture(const std::string& path, const LoadOptions& options) {
  ASSIGN_OR_RETURN(const capture::Capture capture, OpenCapture(path));
  if (capture.running)
    return absl::FailedPreconditionError(
        absl::StrCat(SafeText(path), ": the program still runs; gate it after its end"));
  if (capture.as_of)
    return absl::FailedPreconditionError(absl::StrCat(
        SafeText(path), ": was sealed while its program ran; gate the capture of the whole run"));
  FrameCache cache(FrameStore::For(options.symbols));
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(capture, options.symbols, &cache, SealOf(capture));
  Process process;
  GateRun& run = process.run;
  std::set<std::string> modules;
  if (options.own_suppressions)
    RETURN_IF_ERROR(ReadOwnSuppressions(capture, options, run.notes, modules));
  const auto suppressed = [&](const CallStack& stack) {
    return options.suppressions->Covers(stack, modules);
  };
  if (IsAtExit(options.mode)) {
    std::optional<witness::RunMemory> memory;
    if (options.mode == CountMode::kLost)
      memory = witness::ReadMemoryFile(path, capture.process.run_id);
    run.counts =
        CountRun(capture, *symbolizer, options.mode, suppressed, memory ? &*memory : nullptr);
    run.leaks = run.counts.sites;
  } else {
    CountGrowth(capture, *symbolizer, suppressed, run);
  }
  AddFailedTests(capture, run.failed_tests);
  TellOfExecs(capture, process);
  return process;
}

void AddSites(std::vector<SiteCount>& into, const std::vector<SiteCount>& from) {
  std::map<std::pair<SiteKey, bool>, SiteCount*> known;
  for (SiteCount& site : into) known[{site.key, site.suppressed}] = &site;
  std::vector<SiteCount> fresh;
  for (const SiteCount& site : from) {
    const auto found = known.find({site.key, site.suppressed});
    if (found == known.end()) {
      fresh.push_back(site);
    } else {
      found->second->Add(site);
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
  tree.notes.insert(tree.notes.end(), process.notes.begin(), process.notes.end());
  tree.failed_tests.insert(tree.failed_tests.end(), process.failed_tests.begin(),
                           process.failed_tests.end());
  if (process.counts.crashed && !speaks) {
    tree.notes.push_back(
        absl::StrCat(SafeText(process.counts.path), ": crashed; what it left is not counted"));
    return;
  }
  // A shell, say, around the program that is meant.
  if (!process.counts.unseen.empty() && process.counts.program != tree.counts.program) {
    tree.notes.push_back(absl::StrCat(SafeText(process.counts.path), ": ", process.counts.unseen,
                                      "; what it left is not counted"));
    process.counts.unseen.clear();
  }
  if (process.counts.unusable.empty()) process.counts.unusable = process.counts.unseen;
  const bool silent = process.counts.samples == 0 && !speaks;
  if (tree.counts.unusable.empty() && !silent) tree.counts.unusable = process.counts.unusable;
  tree.counts.interval = std::max(tree.counts.interval, process.counts.interval);
  tree.counts.freed_bytes += process.counts.freed_bytes;
  AddWork(tree.counts, process.counts);
  AddSites(tree.counts.sites, process.counts.sites);
  AddSites(tree.counts.reachable, process.counts.reachable);
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
absl::StatusOr<GateRun> LoadTree(const std::vector<std::string>& paths,
                                 const LoadOptions& options) {
  std::vector<Process> processes;
  Progress progress("reading captures");
  for (size_t i = 0; i < paths.size(); ++i) {
    progress.Step(i + 1, paths.size());
    ASSIGN_OR_RETURN(Process one, LoadCapture(paths[i], options));
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
  tree.counts.work = counts.work;
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

std::vector<std::string> TestsThatKeepMemory(const std::string& directory) {
  std::vector<std::string> tests;
  const absl::StatusOr<std::vector<std::string>> captures = CapturesAt(directory);
  if (!captures.ok()) return tests;
  for (const std::string& path : *captures) {
    const absl::StatusOr<capture::Capture> capture = OpenCapture(path);
    if (capture.ok()) AddFailedTests(*capture, tests);
  }
  return tests;
}

absl::StatusOr<std::vector<GateRun>> LoadRuns(const std::string& path, const LoadOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::vector<std::string>> places, CapturesOfRuns(path));
  std::vector<GateRun> runs;
  for (const std::vector<std::string>& captures : places) {
    ASSIGN_OR_RETURN(GateRun run, LoadTree(captures, options));
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace leaktrack
