// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/memory_verdicts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "tools/analysis/blame/blame.h"

namespace leaktrack {
namespace {

constexpr int kLooksToAgree = 2;
constexpr uint64_t kFewestLost = 4;     // blocks, or samples
constexpr double kMostlyLost = .5;      // of its blocks: the site loses what it makes
constexpr double kMuchLost = 64 << 10;  // bytes: it does not matter what share that is

struct Sum {
  witness::Evidence memory;
  double lost_bytes = 0;
};

// Shares of the parts are shares of their own blocks.
void AddHolders(const witness::Evidence& part, std::vector<witness::Holder>& holders) {
  for (const witness::Holder& holder : part.holders) {
    const auto same = std::ranges::find_if(holders, [&](const witness::Holder& one) {
      return one.kind == holder.kind && one.name == holder.name && one.module == holder.module &&
             one.site == holder.site;
    });
    const double blocks = holder.share * static_cast<double>(part.examined);
    if (same != holders.end()) {
      same->share += blocks;
    } else {
      holders.push_back(holder);
      holders.back().share = blocks;
    }
  }
}

void Add(const witness::SiteMemory& part, Sum& sum) {
  witness::Evidence& memory = sum.memory;
  AddHolders(part.memory, memory.holders);
  memory.examined += part.memory.examined;
  memory.lost += part.memory.lost;
  memory.undecided += part.memory.undecided;
  memory.definite += part.memory.definite;
  memory.indirect += part.memory.indirect;
  memory.possible += part.memory.possible;
  memory.looks = std::max(memory.looks, part.memory.looks);
  if (memory.reason.empty()) memory.reason = part.memory.reason;
  sum.lost_bytes += part.lost_bytes;
}

witness::MemoryVerdict VerdictOf(const witness::Evidence& memory) {
  constexpr double kNearlyAll = .9, kFew = .1;
  const auto examined = static_cast<double>(memory.examined);
  if (memory.lost != 0)
    return static_cast<double>(memory.lost) >= kNearlyAll * examined
               ? witness::MemoryVerdict::kLost
               : witness::MemoryVerdict::kMixed;
  return memory.examined != 0 && static_cast<double>(memory.undecided) <= kFew * examined
             ? witness::MemoryVerdict::kHeld
             : witness::MemoryVerdict::kUnknown;
}

void Finish(Sum& sum) {
  witness::Evidence& memory = sum.memory;
  memory.verdict = VerdictOf(memory);
  if (memory.verdict != witness::MemoryVerdict::kUnknown) memory.reason.clear();
  for (witness::Holder& holder : memory.holders)
    holder.share /= static_cast<double>(std::max<uint64_t>(memory.examined, 1));
  std::ranges::stable_sort(memory.holders, std::ranges::greater(), &witness::Holder::share);
}

// Of a process that stood still one look is enough.
bool IsCertain(const witness::RunMemory& memory) {
  return memory.moment != witness::LookMoment::kAlive || memory.looks >= kLooksToAgree;
}

bool IsLeak(const Sum& sum) {
  const witness::Evidence& memory = sum.memory;
  if (memory.lost < kFewestLost) return false;
  return static_cast<double>(memory.lost) >= kMostlyLost * static_cast<double>(memory.examined) ||
         sum.lost_bytes >= kMuchLost;
}

void Accuse(SiteResult& site) {
  site.verdict = Verdict::kLeak;
  site.significant = true;
  site.leak_probability = 1;
  site.decided_by_seconds.reset();
  site.settle = {};
  site.lost = true;
}

std::map<uint32_t, std::string> NamesOf(const std::vector<SiteResult>& sites) {
  std::map<uint32_t, std::string> names;
  for (const SiteResult& site : sites) {
    if (site.stack.empty()) continue;
    for (const capture::SiteId number : site.sites)
      names.emplace(number, DisplayName(site.stack[site.blame]));
  }
  return names;
}

}  // namespace

void ApplyMemory(const witness::RunMemory& memory, double end_seconds,
                 std::vector<SiteResult>& sites) {
  if (!memory.reason.empty()) return;
  std::map<uint32_t, const witness::SiteMemory*> by_number;
  for (const witness::SiteMemory& site : memory.sites) by_number[site.site] = &site;
  const std::map<uint32_t, std::string> names = NamesOf(sites);
  for (SiteResult& site : sites) {
    Sum sum;
    for (const capture::SiteId number : site.sites) {
      const auto found = by_number.find(number);
      if (found != by_number.end()) Add(*found->second, sum);
    }
    if (sum.memory.examined == 0) continue;
    Finish(sum);
    sum.memory.seconds_ago = std::max(0.0, end_seconds - memory.at_seconds);
    for (witness::Holder& holder : sum.memory.holders) {
      const auto name = names.find(holder.site);
      if (holder.site != 0 && name != names.end()) holder.name = name->second;
    }
    if (IsCertain(memory) && IsLeak(sum)) Accuse(site);
    site.memory = std::move(sum.memory);
  }
}

}  // namespace leaktrack
