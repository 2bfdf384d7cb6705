// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/host.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "tools/live/model/outlook.h"

namespace leaktrack::live {
namespace {

constexpr double kLargeShare = .1;         // of the machine: its use is this process's business
constexpr double kMainShare = .5;          // of a cgroup: who held so much was what it is about
constexpr double kOutsideShare = .5;       // of a cgroup's growth: it is not that of its processes
constexpr double kCloseBytes = 256 << 10;  // what a close look calls growth

void AddKnown(Curve& curve, double seconds, int64_t bytes) {
  if (bytes >= 0) curve.Add(seconds, static_cast<double>(bytes));
}

bool Rises(const Growth& growth) {
  return growth.shape == Shape::kGrows || growth.shape == Shape::kStartup;
}

Cause CauseOfShape(Shape shape) {
  switch (shape) {
    case Shape::kTooShort:
      return Cause::kUndecided;
    case Shape::kSteady:
      return Cause::kSteady;
    case Shape::kStartup:
      return Cause::kStartup;
    case Shape::kSlowing:
      return Cause::kSlowing;
    case Shape::kReturning:
      return Cause::kReturning;
    case Shape::kFalls:
      return Cause::kFalls;
    case Shape::kGrows:
      break;
  }
  return Cause::kAnonymous;
}

// What of its memory rose most between two close looks.
Cause CauseOfCloseLooks(const MappedBytes& before, const MappedBytes& now, int64_t new_threads) {
  const int64_t heap = now.heap - before.heap;
  const int64_t mappings = now.mappings - before.mappings;
  const int64_t stacks = now.stacks - before.stacks;
  const int64_t shared = now.shared - before.shared;
  const int64_t most = std::max({heap, mappings, stacks, shared});
  if (static_cast<double>(most) < kCloseBytes) return Cause::kAnonymous;
  if (most == shared) return Cause::kShared;
  if (most == stacks || (most == mappings && new_threads * 4096 * 2 > mappings / 2))
    return Cause::kStacks;
  return most == heap ? Cause::kHeap : Cause::kMappings;
}

}  // namespace

std::vector<std::string> LevelsOf(const std::string& cgroup) {
  std::vector<std::string> levels;
  std::string path = cgroup;
  while (!path.empty()) {
    levels.push_back(path);
    if (path == "/") break;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    if (path.empty()) path = "/";
  }
  return levels;
}

void Host::Add(const HostReading& reading) {
  seconds_ = reading.seconds;
  if (first_seconds_ < 0) first_seconds_ = seconds_;
  machine_ = reading.machine;
  AddKnown(machine_held_, seconds_, machine_.Held());
  unseen_ = reading.unseen;
  AddProcesses(reading);
  AddCgroups(reading);
}

// Before the cgroups' new readings: the share is of what it was a part of.
void Host::ForgetProcess(const ProcessPast& gone) {
  const auto held = static_cast<double>(gone.now.Held());
  for (const std::string& level : LevelsOf(gone.now.cgroup)) {
    const auto past = cgroups_.find(level);
    if (past == cgroups_.end() || past->second.now.Held() <= 0) continue;
    if (held < kMainShare * static_cast<double>(past->second.now.Held())) continue;
    CgroupPast& of = past->second;
    for (Curve* curve : {&of.held, &of.shared, &of.sockets, &of.kernel, &of.cache, &of.members})
      curve->Clear();
  }
}

void Host::AddProcesses(const HostReading& reading) {
  std::set<ProcessKey> here;
  for (const ProcessReading& process : reading.processes) {
    if (here.size() >= kMostProcesses && !processes_.contains(process.key)) {
      ++unseen_.beyond_bounds;
      continue;
    }
    here.insert(process.key);
    const auto [found, is_new] = processes_.try_emplace(process.key);
    ProcessPast& past = found->second;
    if (is_new) past.first = process;
    if (process.closely) {
      if (!past.first_closely) {
        past.first_closely = process.closely;
        past.threads_then = process.threads;
      }
      past.last_closely = process.closely;
    }
    past.now = process;
    past.now.closely = past.last_closely;
    AddKnown(past.held, seconds_, process.Held());
    AddKnown(past.files, seconds_, process.files);
  }
  std::erase_if(processes_, [&](const auto& entry) {
    if (here.contains(entry.first)) return false;
    ForgetProcess(entry.second);
    return true;
  });
}

void Host::AddCgroups(const HostReading& reading) {
  std::map<std::string, int64_t> members;  // what the processes of each level hold by themselves
  for (const ProcessReading& process : reading.processes) {
    for (const std::string& level : LevelsOf(process.cgroup))
      members[level] += std::max<int64_t>(process.anonymous, 0);
  }
  std::set<std::string> here;
  for (const CgroupReading& cgroup : reading.cgroups) {
    here.insert(cgroup.path);
    CgroupPast& past = cgroups_[cgroup.path];
    past.now = cgroup;
    AddKnown(past.held, seconds_, cgroup.Held());
    AddKnown(past.shared, seconds_, cgroup.shared);
    AddKnown(past.sockets, seconds_, cgroup.sockets);
    AddKnown(past.kernel, seconds_, cgroup.kernel);
    AddKnown(past.cache, seconds_, cgroup.cache);
    AddKnown(past.members, seconds_, members[cgroup.path]);
  }
  std::erase_if(cgroups_, [&](const auto& entry) { return !here.contains(entry.first); });
}

namespace {

OutsideGrowth Outside(const char* kind, const Curve& curve, const CurveFacts& facts) {
  OutsideGrowth outside{kind, 0, std::nullopt, false};
  if (curve.empty()) return outside;
  outside.bytes = static_cast<int64_t>(curve.points().back().bytes);
  const Growth growth = JudgeGrowth(curve.points(), facts);
  outside.rate = growth.rate;
  outside.grows = Rises(growth);
  return outside;
}

// Files are given back before anything is killed: they are never to blame.
std::optional<size_t> BlamedOutside(const Growth& growth, const Growth& members,
                                    const std::vector<OutsideGrowth>& outside) {
  if (!Rises(growth)) return std::nullopt;
  const double theirs = members.rate ? members.rate->mid : 0;
  if (theirs > (1 - kOutsideShare) * growth.rate->mid) return std::nullopt;
  std::optional<size_t> most;
  for (size_t i = 0; i < outside.size(); ++i) {
    if (std::string_view(outside[i].kind) == "file" || !outside[i].grows) continue;
    if (!most || outside[i].rate->mid > outside[*most].rate->mid) most = i;
  }
  return most;
}

}  // namespace

std::map<std::string, Host::Population> Host::Populations() const {
  std::map<std::string, Population> populations;
  for (const auto& [key, process] : processes_) {
    for (const std::string& level : LevelsOf(process.now.cgroup)) {
      Population& population = populations[level];
      ++population.processes;
      population.age_seconds = std::max(population.age_seconds, process.now.age_seconds);
    }
  }
  return populations;
}

CgroupView Host::JudgeCgroup(const CgroupPast& past, const Population& population,
                             const StatusLevels& levels) {
  CgroupView view;
  view.now = past.now;
  view.processes = population.processes;
  CurveFacts facts;
  if (population.processes > 0) facts.age_seconds = population.age_seconds;
  view.growth = JudgeGrowth(past.held.points(), facts);
  if (!past.shared.empty()) view.outside.push_back(Outside("shmem", past.shared, facts));
  if (!past.sockets.empty()) view.outside.push_back(Outside("sock", past.sockets, facts));
  if (!past.kernel.empty()) view.outside.push_back(Outside("kernel", past.kernel, facts));
  if (!past.cache.empty()) view.outside.push_back(Outside("file", past.cache, facts));
  view.blamed = BlamedOutside(view.growth, JudgeGrowth(past.members.points(), facts), view.outside);
  if (past.now.max > 0) {
    view.limit = {LimitKind::kCgroup, past.now.path, past.now.max, past.now.Held()};
    view.outlook = OutlookOf(view.growth, view.limit.headroom());
    view.status = StatusOf(levels, view.limit.used_fraction(), view.growth, view.outlook);
  }
  return view;
}

void Host::JudgeMachine(const StatusLevels& levels, HostView& view) const {
  view.machine = machine_;
  view.machine_growth = JudgeGrowth(machine_held_.points(), {});
  const LimitView limit{LimitKind::kMachine, "", machine_.total, machine_.Held()};
  view.machine_outlook = OutlookOf(view.machine_growth, limit.headroom());
  view.machine_status =
      StatusOf(levels, limit.used_fraction(), view.machine_growth, view.machine_outlook);
}

namespace {

// Whose limit ends a process first, and when.
struct Nearest {
  LimitView limit;
  Outlook outlook;
  Growth growth;  // that the outlook is made from
  bool shared = false;
};

void Consider(const LimitView& limit, const Outlook& shared, const Growth& of_level,
              const Growth& own, Nearest& nearest) {
  Nearest one{limit, shared, of_level, true};
  // A level that gives no time, since others in it come and go, does not hide a process that grows.
  if (!shared.mid && Rises(own)) one = {limit, OutlookOf(own, limit.headroom()), own, false};
  const bool first = nearest.limit.kind == LimitKind::kNone;
  const bool sooner = Sooner(one.outlook, nearest.outlook);
  const bool tighter =
      !one.outlook.mid && !nearest.outlook.mid && one.limit.headroom() < nearest.limit.headroom();
  if (first || sooner || tighter) nearest = one;
}

}  // namespace

ProcessView Host::JudgeProcess(const ProcessPast& past, const HostView& view, const ByPath& cgroups,
                               const StatusLevels& levels) const {
  ProcessView process;
  process.now = past.now;
  process.growth = JudgeGrowth(past.held.points(), {past.now.age_seconds, 0});
  process.cause = CauseOfShape(process.growth.shape);
  if (process.growth.shape == Shape::kGrows) {
    if (past.now.shared - past.first.shared > (past.now.anonymous - past.first.anonymous)) {
      process.cause = Cause::kShared;
    } else if (past.first_closely && past.last_closely) {
      process.cause = CauseOfCloseLooks(*past.first_closely, *past.last_closely,
                                        past.now.threads - past.threads_then);
    }
  } else if (process.growth.shape == Shape::kSteady &&
             Rises(JudgeGrowth(past.files.points(), {past.now.age_seconds, 0}))) {
    process.cause = Cause::kFiles;
  }
  Nearest nearest;
  for (const std::string& level : LevelsOf(past.now.cgroup)) {
    const auto cgroup = cgroups.find(level);
    if (cgroup == cgroups.end() || cgroup->second->limit.kind == LimitKind::kNone) continue;
    const CgroupView& of = *cgroup->second;
    Consider(of.limit, of.outlook, of.growth, process.growth, nearest);
  }
  if (machine_.total > 0) {
    const LimitView machine{LimitKind::kMachine, "", machine_.total, machine_.Held()};
    // The machine's time is that of those who fill it, not of everybody on it.
    const bool fills = Rises(process.growth);
    Consider(machine, fills ? view.machine_outlook : Outlook(),
             fills ? view.machine_growth : Growth(), process.growth, nearest);
  }
  process.limit = nearest.limit;
  process.outlook = nearest.outlook;
  process.shared_outlook = nearest.shared && nearest.outlook.mid.has_value();
  const bool large = static_cast<double>(std::max<int64_t>(past.now.Held(), 0)) >=
                     kLargeShare * static_cast<double>(machine_.total);
  const bool counts = nearest.limit.kind != LimitKind::kMachine || large;
  process.status = StatusOf(levels, counts ? nearest.limit.used_fraction() : std::nullopt,
                            nearest.growth, nearest.outlook);
  return process;
}

namespace {

double RateOf(const Growth& growth) { return growth.rate ? growth.rate->mid : 0; }

// By time to trouble; what grows before what only shares a limit with it.
bool Worse(const ProcessView& a, const ProcessView& b) {
  if (a.status != b.status) return a.status > b.status;
  const auto grows = [](const ProcessView& one) { return one.growth.shape == Shape::kGrows; };
  if (grows(a) != grows(b)) return grows(a);
  if (Rises(a.growth) != Rises(b.growth)) return Rises(a.growth);
  if (Sooner(a.outlook, b.outlook) != Sooner(b.outlook, a.outlook))
    return Sooner(a.outlook, b.outlook);
  if (Rises(a.growth) && RateOf(a.growth) != RateOf(b.growth))
    return RateOf(a.growth) > RateOf(b.growth);
  return a.now.Held() != b.now.Held() ? a.now.Held() > b.now.Held() : a.now.key < b.now.key;
}

bool WorseCgroup(const CgroupView& a, const CgroupView& b) {
  if (a.status != b.status) return a.status > b.status;
  if (Sooner(a.outlook, b.outlook) != Sooner(b.outlook, a.outlook))
    return Sooner(a.outlook, b.outlook);
  if ((a.now.max > 0) != (b.now.max > 0)) return a.now.max > 0;
  return a.now.Held() != b.now.Held() ? a.now.Held() > b.now.Held() : a.now.path < b.now.path;
}

}  // namespace

HostView Host::Judge(const StatusLevels& levels) const {
  HostView view;
  view.watched_seconds = first_seconds_ < 0 ? 0 : seconds_ - first_seconds_;
  view.unseen = unseen_;
  JudgeMachine(levels, view);
  std::map<std::string, Population> populations = Populations();
  for (const auto& [path, past] : cgroups_)
    view.cgroups.push_back(JudgeCgroup(past, populations[path], levels));
  std::ranges::sort(view.cgroups, WorseCgroup);
  ByPath by_path;
  for (CgroupView& cgroup : view.cgroups) by_path[cgroup.now.path] = &cgroup;
  for (const auto& [key, past] : processes_)
    view.processes.push_back(JudgeProcess(past, view, by_path, levels));
  std::ranges::sort(view.processes, Worse);
  return view;
}

std::vector<ProcessKey> Host::Suspicious(size_t count) const {
  std::vector<std::pair<double, ProcessKey>> ranked;
  for (const auto& [key, past] : processes_) {
    const auto points = past.held.points();
    if (points.empty()) continue;
    // Growth counts far more than size, which only breaks ties.
    const double grown = points.back().bytes - points.front().bytes;
    ranked.emplace_back(100 * std::max(grown, 0.0) + points.back().bytes, key);
  }
  std::ranges::sort(ranked, std::greater());
  std::vector<ProcessKey> keys;
  for (size_t i = 0; i < std::min(count, ranked.size()); ++i) keys.push_back(ranked[i].second);
  return keys;
}

const Curve* Host::CurveOf(ProcessKey key) const {
  const auto found = processes_.find(key);
  return found == processes_.end() ? nullptr : &found->second.held;
}

}  // namespace leaktrack::live
