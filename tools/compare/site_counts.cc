// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/site_counts.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/candidates.h"
#include "tools/analysis/process/coverage.h"
#include "tools/base/units.h"
#include "tools/compare/lost_counts.h"

namespace leaktrack {
namespace {

// Net contents of a site at a time, from its counters.
struct Net {
  double objects = 0, bytes = 0;
};

double SignOf(uint8_t band) {
  return band == capture::kBandBirths || band == capture::kBandRelabelled
             ? 1
             : -1;  // deaths and thinned blocks leave
}

using SeriesOfSite = std::map<capture::SiteId, std::vector<const capture::CellSeries*>>;

double BytesAt(const capture::CellSeries& series, double time_ms) {
  double bytes = 0;
  for (const capture::CellPoint& point : series.points) {
    if (static_cast<double>(point.time_ms) > time_ms) break;
    bytes = point.bytes;
  }
  return bytes;
}

Net NetAt(const SeriesOfSite& series, const std::vector<capture::SiteId>& sites, double time_ms) {
  Net net;
  for (const capture::SiteId site : sites) {
    const auto found = series.find(site);
    if (found == series.end()) continue;
    for (const capture::CellSeries* one : found->second) {
      const auto after = std::find_if(one->points.begin(), one->points.end(),
                                      [&](const capture::CellPoint& point) {
                                        return static_cast<double>(point.time_ms) > time_ms;
                                      });
      if (after == one->points.begin()) continue;
      net.objects += SignOf(one->band) * std::prev(after)->objects;
      net.bytes += SignOf(one->band) * std::prev(after)->bytes;
    }
  }
  return net;
}

// The share of a site's blocks that sampling sees, by weight. 1 in exact mode, however few blocks
// were kept one by one.
double SeenShare(const SiteHistory& history) {
  if (history.exact) return 1;
  double seen = 0, objects = 0;
  for (const WeightedBlock& block : history.survivors) {
    seen += 1 / block.kept;
    objects += block.Objects();
  }
  return objects > 0 ? seen / objects : 0;
}

// The part of a run that counts, from a moment to the end, and the work done in it (runs, if the
// program counts no work).
struct Part {
  double from_ms = 0;
  double work = 1;
  bool work_is_counted = false;
};

// The second half. It begins at the memory sample nearest to half of the counted work, or at half
// of the wall time if the program counted no work, or too few steps to find a half.
Part SecondHalf(const capture::Capture& capture) {
  const Part by_wall{static_cast<double>(capture.duration_ms) / 2, .5, false};
  int64_t all = 0;
  for (const capture::MemorySample& sample : capture.memory) all = std::max(all, sample.work_units);
  const capture::MemorySample* middle = nullptr;
  const auto off = [all](const capture::MemorySample& sample) {
    return std::abs(2 * sample.work_units - all);
  };
  for (const capture::MemorySample& sample : capture.memory) {
    if (sample.work_units > 0 && (middle == nullptr || off(sample) < off(*middle)))
      middle = &sample;
  }
  if (middle == nullptr || off(*middle) * 2 > all) return by_wall;
  return {static_cast<double>(middle->time_ms), static_cast<double>(all - middle->work_units),
          true};
}

class Counter {
 public:
  Counter(const capture::Capture& capture, CountMode mode, double from_ms)
      : own_(capture),
        mode_(mode),
        end_ms_(static_cast<double>(capture.duration_ms)),
        from_ms_(from_ms) {
    for (const capture::CellSeries& one : capture.cells) series_[one.site].push_back(&one);
  }

  const OwnCode& own() const { return own_; }

  SiteCount Count(const Candidate& candidate) const {
    SiteCount site;
    site.key = MakeSiteKey(candidate.stack, candidate.blame, own_);
    site.stack = candidate.stack;
    site.blame = candidate.blame;
    site.born = BornAt(candidate.history.sites);
    Net grown = NetAt(series_, candidate.history.sites, end_ms_);
    if (mode_ == CountMode::kGrown) {
      const Net before = NetAt(series_, candidate.history.sites, from_ms_);
      grown = {grown.objects - before.objects, grown.bytes - before.bytes};
    }
    site.blocks = std::max(0.0, grown.objects);
    site.bytes = std::max(0.0, grown.bytes);
    site.count = site.blocks * SeenShare(candidate.history);
    for (const WeightedBlock& block : candidate.history.survivors) {
      const double tenth =
          (block.birth_ms - from_ms_) / std::max(1.0, end_ms_ - from_ms_) * kTenths;
      if (tenth >= 0)
        ++site.births_by_tenth[std::min<size_t>(static_cast<size_t>(tenth), kTenths - 1)];
    }
    return site;
  }

  // Bytes of the heap's blocks that died in the counted part.
  double FreedBytes(const capture::Capture& capture) const {
    double freed = 0;
    for (const capture::CellSeries& one : capture.cells) {
      const auto stack = capture.stacks.find(one.site);
      if (one.band < capture::kBandYoungest || one.band > capture::kBandLast) continue;
      if (stack != capture.stacks.end() && stack->second.kind != capture::SiteKind::kHeap) continue;
      freed += BytesAt(one, end_ms_) - BytesAt(one, from_ms_);
    }
    return std::max(0.0, freed);
  }

 private:
  double BornAt(const std::vector<capture::SiteId>& sites) const {
    double born = 0;
    for (const capture::SiteId site : sites) {
      const auto found = series_.find(site);
      if (found == series_.end()) continue;
      for (const capture::CellSeries* one : found->second) {
        if (one->band == capture::kBandBirths && !one->points.empty())
          born += one->points.back().objects;
      }
    }
    return born;
  }

  OwnCode own_;
  CountMode mode_;
  double end_ms_, from_ms_;
  SeriesOfSite series_;
};

void Join(SiteCount& into, const SiteCount& other) {
  if (other.bytes > into.bytes) {
    into.stack = other.stack;
    into.blame = other.blame;
  }
  into.Add(other);
}

std::string WhyUnusable(const capture::Capture& capture) {
  if (AllocationsWereNotSeen(capture)) return "none of its allocations was seen";
  if (capture.end_state == capture::RunState::kCrashed)
    return "it crashed, so it is unknown what it would have freed";
  if (capture.recorder_missing) return "its end was lost with its flight recorder";
  return "";
}

// A site that has blocks at the end, and the stacks that it stands for.
struct KeptSite {
  SiteCount count;
  std::vector<capture::SiteId> sites;
};

// Sites by key, what is suppressed apart.
class BySite {
 public:
  void Add(const SiteCount& site) {
    const auto [at, fresh] = by_key_.try_emplace({site.key, site.suppressed}, site);
    if (!fresh) Join(at->second, site);
  }
  std::vector<SiteCount> Take() {
    std::vector<SiteCount> sites;
    for (auto& [key, site] : by_key_) sites.push_back(std::move(site));
    return sites;
  }

 private:
  std::map<std::pair<SiteKey, bool>, SiteCount> by_key_;
};

std::string WhyNotLookedAt(const capture::Capture& capture, const witness::RunMemory* memory) {
  if (memory != nullptr) return absl::StrCat("its end could not be looked at: ", memory->reason);
  switch (capture.end_state) {
    case capture::RunState::kExec:
      return "it became another program, so nobody could look at what it lost";
    case capture::RunState::kKilled:
      return "it was killed, so nobody could look at what it lost";
    case capture::RunState::kStarting:
    case capture::RunState::kRunning:
    case capture::RunState::kExited:
    case capture::RunState::kCrashed:
      break;
  }
  return "nobody looked at its end: it ended by _exit, quick_exit or a system call, or was "
         "recorded without a gate; --at-exit=all judges what was never freed";
}

SiteCount WithAmount(SiteCount site, const Amount& amount) {
  site.count = amount.count;
  site.blocks = amount.blocks;
  site.bytes = amount.bytes;
  return site;
}

void AddParts(const KeptSite& site, const KeptParts& parts, BySite& lost, BySite& reachable) {
  if (parts.lost.count > 0) lost.Add(WithAmount(site.count, parts.lost));
  if (parts.covered.count > 0) {
    SiteCount covered = WithAmount(site.count, parts.covered);
    covered.suppressed = true;
    lost.Add(covered);
  }
  if (parts.reachable.count > 0 && !site.count.suppressed) {
    SiteCount held = WithAmount(site.count, parts.reachable);
    held.holders = parts.holders;
    reachable.Add(held);
  }
}

// What nothing points to, and apart from it what something does.
void AddLost(const capture::Capture& capture, const std::vector<KeptSite>& kept,
             const witness::RunMemory* memory, RunCounts& run) {
  std::set<capture::SiteId> suppressed;
  bool has_some = false;
  for (const KeptSite& site : kept) {
    if (site.count.suppressed) suppressed.insert(site.sites.begin(), site.sites.end());
    has_some |= !site.count.suppressed && site.count.blocks > 0;
  }
  if (memory == nullptr || !memory->reason.empty()) {
    if (has_some) run.unseen = WhyNotLookedAt(capture, memory);
    return;
  }
  const LostCounts counts(*memory, suppressed);
  BySite lost, reachable;
  double undecided = 0;
  for (const KeptSite& site : kept) {
    const KeptParts parts = counts.Of(site.sites);
    undecided += parts.undecided;
    AddParts(site, parts, lost, reachable);
  }
  run.sites = lost.Take();
  run.reachable = reachable.Take();
  if (undecided > 0)
    run.unseen = absl::StrCat(FormatCount(static_cast<uint64_t>(undecided)),
                              " of its blocks were not found in the allocator's heap");
}

}  // namespace

void SiteCount::Add(const SiteCount& other) {
  count += other.count;
  blocks += other.blocks;
  bytes += other.bytes;
  born += other.born;
  for (size_t i = 0; i < kTenths; ++i) births_by_tenth[i] += other.births_by_tenth[i];
}

RunCounts CountRun(const capture::Capture& capture, Symbolizer& symbolizer, CountMode mode,
                   IsSuppressed suppressed, const witness::RunMemory* memory) {
  RunCounts run;
  run.path = capture.path;
  run.program = capture.process.program;
  run.seconds = static_cast<double>(capture.duration_ms) / 1e3;
  run.interval = std::max<double>(1, static_cast<double>(capture.interval_max));
  run.crashed = capture.end_state == capture::RunState::kCrashed;
  run.samples = capture.samples_total;
  run.unusable = WhyUnusable(capture);
  const Part part = mode == CountMode::kGrown ? SecondHalf(capture) : Part{};
  run.work = part.work;
  run.work_is_counted = part.work_is_counted;
  const Counter counter(capture, mode, part.from_ms);
  run.freed_bytes = counter.FreedBytes(capture);
  const auto end_ms = static_cast<double>(capture.duration_ms);
  std::vector<KeptSite> kept;
  for (const Candidate& candidate :
       NamedSites(capture, GatherHistories(capture, end_ms), end_ms, counter.own(), symbolizer)) {
    if (IsAtExit(mode) && candidate.history.kind != capture::SiteKind::kHeap) continue;
    KeptSite site{counter.Count(candidate), candidate.history.sites};
    if (site.count.blocks <= 0 && mode != CountMode::kLost) continue;
    site.count.suppressed = suppressed(candidate.stack);
    kept.push_back(std::move(site));
  }
  if (mode == CountMode::kLost) {
    AddLost(capture, kept, memory, run);
  } else {
    BySite sites;
    for (const KeptSite& site : kept) sites.Add(site.count);
    run.sites = sites.Take();
  }
  return run;
}

}  // namespace leaktrack
