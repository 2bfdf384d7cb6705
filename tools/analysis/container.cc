// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/container.h"

#include <algorithm>
#include <map>

namespace leaktrack {
namespace {

constexpr double kStep = 1.3;
constexpr int kMinSteps = 3;
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

}  // namespace

std::optional<Container> FindContainer(const SiteHistory& history, const Window& window) {
  std::map<uint32_t, std::vector<Block>> chains;
  for (const Death& death : history.chained_deaths) chains[death.chain].push_back({death.birth_ms, death.size});
  std::optional<Container> largest;
  for (const WeightedBlock& last : history.survivors) {
    const auto found = chains.find(last.chain);
    if (last.chain == 0 || found == chains.end() || last.size < kMinBytes) continue;
    std::vector<Block> chain = found->second;
    chain.push_back({last.birth_ms, last.size});
    std::stable_sort(chain.begin(), chain.end(), [](const Block& a, const Block& b) { return a.birth_ms < b.birth_ms; });
    double last_step_ms = 0;
    const int steps = CountSteps(chain, window.end_ms / 8, last_step_ms);
    if (steps < kMinSteps || last_step_ms < 0.45 * window.end_ms) continue;
    if (largest && largest->bytes >= last.size) continue;
    // The block is between half full and full, and has been growing since the run began.
    const double per_hour = last.size / window.end_ms * kMsPerHour;
    largest = Container{last.size, .75 * per_hour, .5 * per_hour, per_hour, steps};
  }
  return largest;
}

}  // namespace leaktrack
