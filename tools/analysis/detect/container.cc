// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/container.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace leaktrack {
namespace {

constexpr double kStep = 1.3;
constexpr int kMinSteps = 3;
constexpr double kMaxStep = 8;
constexpr double kMinSlackMs = 50;
constexpr size_t kMaxOthers = 4;
constexpr double kArenaStep = 1.15, kArenaTolerance = .15;
constexpr size_t kMinArenaBlocks = 5;
constexpr double kOverdue = 1.5;  // of the time that the next block was to come in
constexpr double kNearlyAll = 0.8;
constexpr double kMaxFall = 2;
constexpr double kMinChainedBytes = 4096;
constexpr double kMinBytes = 64 * 1024;  // a smaller one is no leak that anybody would be woken for

struct Block {
  double birth_ms, size;
};

// Growth steps of 1.3x or more that happened after `from`, taking small ones together.
int CountSteps(const std::vector<Block>& chain, double from, double& last_step_ms) {
  int steps = 0;
  double base = 0;
  for (const Block& block : chain) {
    if (base == 0 || block.birth_ms < from) {
      base = std::max(base, block.size);
    } else if (block.size >= kStep * base) {
      base = block.size;
      last_step_ms = block.birth_ms;
      ++steps;
    }
  }
  return steps;
}

std::vector<Block> ByRealloc(const WeightedBlock& last,
                             const std::map<uint32_t, std::vector<Block>>& chains) {
  const auto found = chains.find(last.chain);
  if (last.chain == 0 || found == chains.end()) return {};
  std::vector<Block> chain = found->second;
  std::stable_sort(chain.begin(), chain.end(),
                   [](const Block& a, const Block& b) { return a.birth_ms < b.birth_ms; });
  return chain;
}

// `dead`: by death. Walks back from `last` through blocks that died as the next one was born;
// oldest first.
std::vector<Block> ByTime(const WeightedBlock& last, const std::vector<const WeightedBlock*>& dead,
                          const Window& window) {
  const double slack = std::max(kMinSlackMs, window.end_ms * 1e-3);
  std::vector<Block> chain;
  Block head{last.birth_ms, last.size};
  for (bool found = true; found;) {
    found = false;
    const auto from = std::lower_bound(
        dead.begin(), dead.end(), head.birth_ms - slack,
        [](const WeightedBlock* block, double ms) { return block->death_ms < ms; });
    const WeightedBlock* best = nullptr;
    for (auto it = from; it != dead.end() && (*it)->death_ms <= head.birth_ms + slack; ++it) {
      const double ratio = head.size / (*it)->size;
      if (ratio < kStep || ratio > kMaxStep || (*it)->birth_ms >= head.birth_ms) continue;
      if (best == nullptr || (*it)->size > best->size) best = *it;
    }
    if (best == nullptr) break;
    head = {best->birth_ms, best->size};
    chain.push_back(head);
    found = true;
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

// In exact mode young deaths are only counted. Where one block is nearly all that is alive, the
// level is its size.
std::vector<Block> ByLevel(const WeightedBlock& last, const SiteHistory& history,
                           const Window& window) {
  std::vector<Block> chain;
  if (history.survivors.size() > kMaxOthers ||
      last.Bytes() < kNearlyAll * history.LevelAt(window.end_ms))
    return chain;
  for (size_t i = 0; i < kGrid; ++i) {
    const double ms = history.grid_end_ms * static_cast<double>(i + 1) / kGrid;
    const double level = history.LevelAt(ms);
    if (ms > last.birth_ms || level <= 0) continue;
    // It shrinks: no container that only grows. (Old and new are both alive for a moment, which may
    // be that of a look.)
    if (!chain.empty() && level < chain.back().size / kMaxFall) return {};
    if (chain.empty() || level > chain.back().size) chain.push_back({ms, level});
  }
  return chain;
}

// Blocks of the site at least as large as the chain's smallest: are most of them in the chain?
bool HoldsMost(const std::vector<Block>& chain, const SiteHistory& history) {
  if (chain.empty()) return false;
  const double smallest = chain.front().size;
  const auto large = [&](const WeightedBlock& block) { return block.size >= smallest; };
  const auto all = std::count_if(history.survivors.begin(), history.survivors.end(), large) +
                   std::count_if(history.dead.begin(), history.dead.end(), large);
  return 2 * (chain.size() + 1) > static_cast<size_t>(all);
}

std::optional<Container> Measure(std::vector<Block> chain, const WeightedBlock& last,
                                 const Window& window) {
  if (chain.empty()) return std::nullopt;
  chain.push_back({last.birth_ms, last.size});
  double last_step_ms = 0;
  const int steps = CountSteps(chain, window.end_ms / 8, last_step_ms);
  if (steps < kMinSteps || last_step_ms < 0.45 * window.end_ms) return std::nullopt;
  // The block is between half full and full, and has been growing since the run began.
  const double per_hour = last.size / window.end_ms * kMsPerHour;
  return Container{last.size, .75 * per_hour, .5 * per_hour, per_hour, steps};
}

// The survivors that are large enough to be sampled for sure, each larger than the one before.
std::vector<Block> EverLarger(const SiteHistory& history, const Window& window) {
  std::vector<Block> chain;
  for (const WeightedBlock& block : history.survivors) {
    const bool sure = block.size >= std::max(kMinChainedBytes, 2 * double{block.interval});
    if (!sure || block.birth_ms > window.end_ms) continue;
    if (chain.empty() || block.size >= kArenaStep * chain.back().size)
      chain.push_back({block.birth_ms, block.size});
  }
  return chain;
}

// By one factor, within what rounding to pages leaves open; 0: not so.
double CommonRatio(const std::vector<Block>& chain, size_t from) {
  std::vector<double> ratios;
  for (size_t i = from; i < chain.size(); ++i) ratios.push_back(chain[i].size / chain[i - 1].size);
  const auto middle = ratios.begin() + static_cast<ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  const double ratio = *middle;
  for (const double one : ratios) {
    if (std::abs(one - ratio) > kArenaTolerance * ratio) return 0;
  }
  return ratio <= kMaxStep ? ratio : 0;
}

std::optional<Container> FindArena(const SiteHistory& history, const Window& window) {
  const std::vector<Block> chain = EverLarger(history, window);
  const auto late = std::find_if(chain.begin(), chain.end(), [&](const Block& block) {
    return block.birth_ms >= window.end_ms / 8;
  });
  const auto from = static_cast<size_t>(late - chain.begin());
  if (chain.size() < from + kMinArenaBlocks || from == 0) return std::nullopt;
  const double ratio = CommonRatio(chain, from);
  double bytes = 0;
  for (const Block& block : chain) bytes += block.size;
  if (ratio == 0 || bytes < kNearlyAll * history.LevelAt(window.end_ms)) return std::nullopt;
  const Block& last = chain.back();
  const Block& full = chain[chain.size() - 2];
  const double used_ms = last.birth_ms - full.birth_ms;
  if (used_ms <= 0 || window.end_ms - last.birth_ms > kOverdue * ratio * used_ms)
    return std::nullopt;
  const double per_hour = full.size / used_ms * kMsPerHour;
  // Of the last block it is not known how far it is used up.
  return Container{
      bytes, per_hour, per_hour / ratio, per_hour * ratio, static_cast<int>(chain.size() - from),
      ratio};
}

}  // namespace

std::optional<Container> FindContainer(const SiteHistory& history, const Window& window) {
  if (window.end_ms < kShortestRunSeconds * 1e3)
    return std::nullopt;  // everything dies as the next is born, then
  std::map<uint32_t, std::vector<Block>> chains;
  std::vector<const WeightedBlock*> dead;
  for (const WeightedBlock& block : history.dead) {
    if (block.chain != 0) chains[block.chain].push_back({block.birth_ms, block.size});
    if (block.size >= std::max(kMinChainedBytes, double{block.interval})) dead.push_back(&block);
  }
  std::sort(dead.begin(), dead.end(),
            [](const auto* a, const auto* b) { return a->death_ms < b->death_ms; });
  std::optional<Container> largest;
  for (const WeightedBlock& last : history.survivors) {
    if (last.size < kMinBytes || (largest && largest->bytes >= last.size)) continue;
    std::optional<Container> grown = Measure(ByRealloc(last, chains), last, window);
    if (!grown) grown = Measure(ByLevel(last, history, window), last, window);
    if (!grown) {
      const std::vector<Block> chain = ByTime(last, dead, window);
      if (HoldsMost(chain, history)) grown = Measure(chain, last, window);
    }
    if (grown) largest = grown;
  }
  return largest ? largest : FindArena(history, window);
}

}  // namespace leaktrack
