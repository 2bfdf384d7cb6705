// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/tracked_processes.h"

#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/analysis/analyze.h"
#include "tools/commands/captures.h"
#include "tools/commands/recorders.h"
#include "tools/symbolize/cached_symbolizer.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/frame_store.h"

namespace leaktrack {
namespace {

constexpr size_t kMostSites = 200;

uint64_t InodeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

double Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

live::SiteSummary SummaryOf(const SiteResult& site) {
  live::SiteSummary summary;
  summary.site = site.sites.empty() ? 0 : site.sites.front();
  summary.verdict = site.verdict;
  summary.live_bytes = site.live_bytes;
  summary.growth = site.growth;
  if (site.blame < site.stack.size()) {
    const ResolvedFrame& blamed = site.stack[site.blame];
    summary.function = blamed.function;
    summary.file = blamed.file;
    summary.line = blamed.line;
    summary.module = blamed.module;
  }
  return summary;
}

}  // namespace

live::TrackedView Summarize(const capture::Capture& capture, const Analysis& analysis) {
  live::TrackedView view;
  view.capture = capture.path;
  view.run_id = absl::StrFormat("%016x", capture.process.run_id);
  for (size_t i = 0; i < std::min(kMostSites, analysis.sites.size()); ++i)
    view.sites.push_back(SummaryOf(analysis.sites[i]));
  view.memory["live_heap"] = analysis.memory.live_heap_bytes;
  view.memory["mapped"] = analysis.memory.mapped_bytes;
  if (analysis.memory.retained_bytes) view.memory["retained"] = *analysis.memory.retained_bytes;
  if (analysis.memory.stack_bytes)
    view.memory["stacks"] = static_cast<double>(*analysis.memory.stack_bytes);
  view.lost["allocations"] = static_cast<double>(capture.losses[capture::kLostAllocations]);
  view.lost["frees"] = static_cast<double>(capture.losses[capture::kLostFrees]);
  view.lost["epochs"] = static_cast<double>(capture.epochs_lost);
  return view;
}

TrackedProcesses::TrackedProcesses()
    : cache_(std::make_unique<FrameCache>(FrameStore::For(symbols_))) {}
TrackedProcesses::~TrackedProcesses() = default;

void TrackedProcesses::FindIn(const std::string& directory, const std::string& root) {
  for (const RecorderEntry& entry : FindRecorders({}, directory)) {
    const std::string inside = root + entry.capture_path;
    captures_[{entry.pid_namespace, entry.pid}] =
        !root.empty() && InodeOf(inside) != 0 ? inside : entry.capture_path;
  }
}

TrackedProcesses::Known* TrackedProcesses::Find(const live::ProcessReading& process) {
  const live::ProcessKey key = process.key;
  if (const auto found = known_.find(key); found != known_.end()) return &found->second;
  const auto [place, is_new] = namespaces_.try_emplace(key);
  if (is_new) place->second = InodeOf(absl::StrCat("/proc/", key.pid, "/ns/pid"));
  const auto capture = captures_.find({place->second, static_cast<uint32_t>(key.pid)});
  if (capture == captures_.end()) return nullptr;
  Known& known = known_[key];
  known.view.capture = capture->second;
  known.view.run_id = absl::StrFormat("%016x", RunIdOf(capture->second));
  return &known;
}

void TrackedProcesses::Analyse(Known& known) {
  if (Now() - known.analysed_at < kSecondsPerAnalysis) return;
  known.analysed_at = Now();
  const absl::StatusOr<capture::Capture> capture = OpenCapture(known.view.capture);
  if (!capture.ok()) {
    known.view.problem = std::string(capture.status().message());
    return;
  }
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(*capture, symbols_, cache_.get(), SealOf(*capture));
  known.view = Summarize(*capture, Analyze(*capture, *symbolizer));
}

void TrackedProcesses::Fill(size_t analysed, live::HostView& view) {
  captures_.clear();
  FindIn(kRecorderDirectory, "");
  const uint64_t here = InodeOf("/dev/shm/.");
  std::set<uint64_t> seen{here, 0};
  std::set<live::ProcessKey> still;
  for (const live::ProcessView& process : view.processes) {
    still.insert(process.now.key);
    const std::string root = absl::StrCat("/proc/", process.now.key.pid, "/root");
    // Of each /dev/shm once, however many processes share it.
    if (namespaces_.contains(process.now.key)) continue;
    if (seen.insert(InodeOf(root + kRecorderDirectory)).second)
      FindIn(root + kRecorderDirectory, root);
  }
  std::erase_if(known_, [&](const auto& entry) { return !still.contains(entry.first); });
  std::erase_if(namespaces_, [&](const auto& entry) { return !still.contains(entry.first); });
  for (live::ProcessView& process : view.processes) {
    Known* known = Find(process.now);
    if (known == nullptr) continue;
    if (analysed > 0) {
      Analyse(*known);
      --analysed;
    }
    process.tracked = known->view;
  }
}

}  // namespace leaktrack
