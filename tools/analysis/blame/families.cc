// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/families.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/wrapper_rules.h"

namespace leaktrack {
namespace {

constexpr double kMostOfAllBirths = .5;  // who gives back more of them is no thing's maker
constexpr double kMostFactor = 8;
constexpr double kTolerance = .15;  // of a number of blocks, beside its sampling error

struct Member {
  size_t site = 0;
  size_t frame = 0;
};

struct Maker {
  std::vector<Member> members;
  std::set<std::string> blamed;
  double given_back = 0;  // bytes born under it, accused or not, and freed again
  size_t inner = 0;       // how deep it stands: the sum over members of frames outside of it
};

bool Accused(const SiteResult& site) {
  return site.significant && !site.merged && !site.stack.empty() && site.live_objects > 0;
}

// Functions of the program outside of the blamed one, each at its innermost place. The outermost is
// where all of a thread's work is done.
std::map<std::string, size_t> Makers(const SiteResult& site, const OwnCode& own) {
  std::map<std::string, size_t> makers, of_the_program;
  size_t end = FramesOfTheProgram(site.stack, site.blame);
  while (end > site.blame + 1 && IsWrapper(site.stack[end - 1])) --end;
  for (size_t i = site.blame; i < end; ++i) {
    const ResolvedFrame& frame = site.stack[i];
    const bool outermost = i + 1 == end && i > site.blame;
    if (frame.function.empty() || frame.function == "main" || outermost || IsWrapper(frame))
      continue;
    makers.emplace(FunctionKey(frame), i);
    if (own.Owns(frame)) of_the_program.emplace(FunctionKey(frame), i);
  }
  return of_the_program.empty() ? makers : of_the_program;
}

std::map<std::string, Maker> AllMakers(const std::vector<SiteResult>& sites, const OwnCode& own,
                                       double* all_born) {
  std::map<std::string, Maker> makers;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (!Accused(sites[i])) continue;
    for (const auto& [key, frame] : Makers(sites[i], own)) {
      Maker& maker = makers[key];
      maker.members.push_back({i, frame});
      maker.blamed.insert(FunctionKey(sites[i].stack[sites[i].blame]));
      maker.inner += sites[i].stack.size() - frame;
    }
  }
  for (const SiteResult& site : sites) {
    *all_born += site.born_bytes;
    for (const auto& [key, frame] : Makers(site, own)) {
      if (const auto maker = makers.find(key); maker != makers.end())
        maker->second.given_back += std::max(0.0, site.born_bytes - site.live_bytes);
    }
  }
  return makers;
}

// The numbers of blocks of the members, as multiples of the smallest.
bool AreParts(const std::vector<SiteResult>& sites, const std::vector<Member>& members) {
  double fewest = INFINITY;
  for (const Member& member : members) fewest = std::min(fewest, sites[member.site].live_objects);
  return std::ranges::all_of(members, [&](const Member& member) {
    const SiteResult& site = sites[member.site];
    const double factor = site.live_objects / fewest;
    const double sampling = site.live_bytes > 0 ? site.live_bytes_error / site.live_bytes : 0;
    return factor < kMostFactor + .5 &&
           std::abs(factor / std::round(factor) - 1) < kTolerance + sampling;
  });
}

}  // namespace

void FindFamilies(std::vector<SiteResult>& sites, const OwnCode& own) {
  double all_born = 0;
  const std::map<std::string, Maker> makers = AllMakers(sites, own, &all_born);
  std::vector<const Maker*> likely;
  for (const auto& [key, maker] : makers) {
    const bool is_thing =
        maker.blamed.size() >= 2 && maker.given_back < kMostOfAllBirths * all_born;
    if (is_thing && AreParts(sites, maker.members)) likely.push_back(&maker);
  }
  // The one with the most parts; of those that stand around the same ones, the innermost.
  std::stable_sort(likely.begin(), likely.end(), [](const Maker* a, const Maker* b) {
    return a->members.size() != b->members.size() ? a->members.size() > b->members.size()
                                                  : a->inner > b->inner;
  });
  uint32_t number = 0;
  for (const Maker* maker : likely) {
    const bool taken = std::ranges::any_of(
        maker->members, [&](const Member& m) { return sites[m.site].family != 0; });
    if (taken) continue;
    ++number;
    for (const Member& member : maker->members) {
      SiteResult& site = sites[member.site];
      site.family = number;
      site.part_frame = std::exchange(site.blame, member.frame);
    }
  }
}

}  // namespace leaktrack
