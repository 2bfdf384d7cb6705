// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/caller_contrast.h"

#include <map>
#include <optional>
#include <string>

#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/wrapper_rules.h"

namespace leaktrack {
namespace {

constexpr double kContrast = 4;
constexpr double kHealthyShare = .2;
constexpr int kMostMoves = 3;

bool Accused(const SiteResult& site) { return site.significant; }

// The instances of one template are one function to who wrote it.
std::string PlainKey(const ResolvedFrame& frame) {
  std::string key = ModuleIdentity(frame) + " ";
  int depth = 0;
  for (const char c : QualifiedName(frame.function)) {
    if (c == '>' && depth > 0) --depth;
    if (depth == 0) key += c;
    if (c == '<') ++depth;
  }
  return key;
}

// What went through a function, by who called it.
struct Paths {
  struct Flow {
    double born = 0, lost = 0;  // bytes; lost: alive, and of accused sites
  };
  Flow all;
  std::map<std::string, Flow> by_caller;
};

bool HasCaller(const SiteResult& site) {
  return !site.merged && site.blame + 1 < site.stack.size() &&
         !site.stack[site.blame].function.empty();
}

std::map<std::string, Paths> PathsOf(const std::vector<SiteResult>& sites) {
  std::map<std::string, Paths> functions;
  for (const SiteResult& site : sites) {
    if (!HasCaller(site)) continue;
    Paths& paths = functions[PlainKey(site.stack[site.blame])];
    for (Paths::Flow* flow :
         {&paths.all, &paths.by_caller[FunctionKey(site.stack[site.blame + 1])]}) {
      flow->born += site.born_bytes;
      if (Accused(site)) flow->lost += site.live_bytes;
    }
  }
  return functions;
}

// Does this caller lose what others give back?
bool CallerIsToBlame(const Paths& paths, const std::string& caller) {
  const auto found = paths.by_caller.find(caller);
  if (found == paths.by_caller.end()) return false;
  const Paths::Flow& mine = found->second;
  const double others_born = paths.all.born - mine.born;
  const double others_lost = paths.all.lost - mine.lost;
  if (mine.born <= 0 || others_born < kHealthyShare * paths.all.born) return false;
  return mine.lost / mine.born > kContrast * others_lost / others_born;
}

// Who asks the blamed function, if that is a better answer: nameless functions, what starts
// threads, loops, who waits in one and somebody else's code are none.
std::optional<size_t> Asker(const SiteResult& site, const OwnCode& own) {
  const size_t end = FramesOfTheProgram(site.stack, site.blame);
  if (RunsTheProgram(site.stack[site.blame])) return std::nullopt;
  for (size_t i = site.blame + 1; i < end; ++i) {
    if (site.stack[i].function.empty() || RunsTheProgram(site.stack[i])) return std::nullopt;
    if (IsWrapper(site.stack[i])) continue;
    if (own.Owns(site.stack[site.blame]) && !own.Owns(site.stack[i])) return std::nullopt;
    return i;
  }
  return std::nullopt;
}

bool MoveOnce(std::vector<SiteResult>& sites, const OwnCode& own) {
  const std::map<std::string, Paths> functions = PathsOf(sites);
  bool moved = false;
  for (SiteResult& site : sites) {
    if (!Accused(site) || !HasCaller(site)) continue;
    const std::optional<size_t> asker = Asker(site, own);
    if (!asker || !CallerIsToBlame(functions.at(PlainKey(site.stack[site.blame])),
                                   FunctionKey(site.stack[site.blame + 1])))
      continue;
    site.blame = *asker;
    moved = true;
  }
  return moved;
}

void MeasureLift(std::vector<SiteResult>& sites) {
  double live = 0;
  double born = 0;
  for (const SiteResult& site : sites) {
    live += site.live_bytes;
    born += site.born_bytes;
  }
  if (live <= 0 || born <= 0) return;
  for (SiteResult& site : sites) {
    if (site.born_bytes > 0) site.lift = (site.live_bytes / live) / (site.born_bytes / born);
  }
}

}  // namespace

void BlameBuggyPaths(std::vector<SiteResult>& sites, const OwnCode& own) {
  MeasureLift(sites);
  int moves = 0;
  while (moves < kMostMoves && MoveOnce(sites, own)) ++moves;
}

}  // namespace leaktrack
