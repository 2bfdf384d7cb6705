// SPDX-License-Identifier: Apache-2.0
//
// Histories made from histories: sums, earlier moments, parts.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

#include "tools/analysis/history/site_history.h"

namespace leaktrack {
namespace {

// Of one counter and look, deaths that come back as blocks at most: more of them say nothing new.
constexpr double kMaxRevived = 512;

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// One part's deaths, after `time_ms`, of blocks that were born before it.
void RevivePart(const DeathStep& step, double death_ms, double time_ms,
                std::vector<WeightedBlock>& survivors) {
  const double youngest = static_cast<double>(capture::BandStartMs(step.band));
  const double oldest = 2 * kBandMiddleMs[step.band] - youngest;
  const double deaths = step.deaths / step.parts;
  const double count = std::clamp(std::round(deaths), 1.0, kMaxRevived);
  for (double i = 0.5; i < count; ++i) {
    WeightedBlock block;
    block.birth_ms = std::max(0.0, death_ms - youngest - (oldest - youngest) * i / count);
    if (block.birth_ms > time_ms) continue;
    block.first_birth_ms = block.birth_ms;
    block.death_ms = death_ms;
    block.weight = static_cast<float>(deaths / count);
    block.size = step.bytes / step.parts / count;  // it stands for these bytes, with certainty
    survivors.push_back(block);
  }
}

// Divides a step at `time_ms`.
void DivideStep(const DeathStep& step, double time_ms, SiteHistory& then) {
  int dead = step.parts;
  while (dead > 0 && step.PartEndMs(dead) > time_ms) --dead;
  if (dead > 0) then.steps.push_back(step.UpTo(dead));
  const double longest_ms = 2 * kBandMiddleMs[step.band];
  for (int part = dead + 1; part <= step.parts && step.PartEndMs(part) - longest_ms < time_ms;
       ++part) {
    RevivePart(step, step.PartEndMs(part), time_ms, then.survivors);
  }
}

}  // namespace

DeathStep DeathStep::UpTo(int part) const {
  if (part == parts) return *this;
  const double share = static_cast<double>(part) / parts;
  return {static_cast<float>(PartEndMs(part)),
          static_cast<float>(span_ms * share),
          static_cast<float>(deaths * share),
          static_cast<float>(bytes * share),
          band,
          static_cast<uint8_t>(part)};
}

SiteHistory MergeHistories(const std::vector<const SiteHistory*>& parts) {
  SiteHistory sum;
  if (parts.empty()) return sum;
  sum.kind = parts.front()->kind;
  sum.grid_end_ms = parts.front()->grid_end_ms;
  const auto curves = std::make_shared<Curves>();
  sum.curves = curves;
  for (const SiteHistory* part : parts) {
    Append(sum.sites, part->sites);
    Append(sum.survivors, part->survivors);
    Append(sum.dead, part->dead);
    Append(sum.steps, part->steps);
    for (size_t i = 0; i < kGrid && part->curves != nullptr; ++i) {
      curves->level[i] += part->curves->level[i];
      curves->born[i] += part->curves->born[i];
    }
    sum.born_bytes += part->born_bytes;
    sum.born_samples += part->born_samples;
    sum.net_bytes += part->net_bytes;
    sum.net_objects += part->net_objects;
    sum.kept_in_part |= part->kept_in_part;
    sum.exact &= part->exact;
  }
  SortByBirth(sum.survivors);
  SortByBirth(sum.dead);
  return sum;
}

SiteHistory AsOf(const SiteHistory& history, double time_ms) {
  SiteHistory then{SiteTotals(history),
                   {},
                   {},
                   {}};  // most blocks are younger than an early look: they are not even copied
  std::ranges::copy_if(history.survivors, std::back_inserter(then.survivors),
                       [&](const auto& block) { return block.birth_ms <= time_ms; });
  std::ranges::copy_if(history.dead, std::back_inserter(then.dead),
                       [&](const auto& block) { return block.death_ms <= time_ms; });
  for (const WeightedBlock& block : history.dead) {
    if (block.birth_ms <= time_ms && block.death_ms > time_ms) then.survivors.push_back(block);
  }
  for (const DeathStep& step : history.steps) DivideStep(step, time_ms, then);
  SortByBirth(then.survivors);
  return then;
}

SiteHistory OfSizes(const SiteHistory& history, double from, double to) {
  SiteHistory part = history;
  const auto outside = [&](const WeightedBlock& block) {
    return block.size < from || block.size >= to;
  };
  std::erase_if(part.survivors, outside);
  std::erase_if(part.dead, outside);
  return part;
}

}  // namespace leaktrack
