// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/history/site_history.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "tools/analysis/model/stats.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

using capture::Capture;
using capture::CellPoint;
using capture::CellSeries;
using capture::SiteId;

constexpr double kStepsOfRun = 32;  // the longest step that deaths are left in

bool Removes(uint8_t band) {
  return band != capture::kBandBirths && band != capture::kBandRelabelled;
}
bool IsDeaths(uint8_t band) { return band >= capture::kBandYoungest && band <= capture::kBandLast; }

// Survivors and kept deaths have these fields in common.
template <typename Event>
WeightedBlock Weigh(const Event& event, double coarsest) {
  WeightedBlock block;
  block.birth_ms = static_cast<double>(event.birth_ms);
  block.first_birth_ms = block.birth_ms;
  block.size = static_cast<double>(event.size);
  block.interval = static_cast<float>(std::max<uint64_t>(event.interval_bytes, 1));
  block.chain = event.chain;
  block.sampling_probability = static_cast<float>(SamplingProbability(block.size, block.interval));
  // A damaged file may claim any share; a share of nothing would weigh infinitely.
  const double kept =
      event.keep_probability > 0 && event.keep_probability < 1 ? event.keep_probability : 1;
  block.kept = static_cast<float>(std::max(kept, 1e-12));
  const double as_coarsest = SamplingProbability(block.size, coarsest) / block.sampling_probability;
  block.weight = static_cast<float>(std::min(as_coarsest, 1.0) / block.kept);
  return block;
}

// The moments at which counters were looked at. A counter is only written down when it has changed,
// so what it shows at a look happened since the look before, not since its own last point.
class LookTimes {
 public:
  explicit LookTimes(const Capture& capture) {
    absl::flat_hash_set<uint64_t> looks;
    for (const capture::MemorySample& sample : capture.memory) looks.insert(sample.time_ms);
    for (const CellSeries& series : capture.cells) {
      for (const CellPoint& point : series.points) looks.insert(point.time_ms);
    }
    looks_.assign(looks.begin(), looks.end());
    std::sort(looks_.begin(), looks_.end());
  }

  double Before(uint64_t time_ms) const {
    const auto look = std::lower_bound(looks_.begin(), looks_.end(), time_ms);
    return look == looks_.begin() ? 0 : static_cast<double>(*std::prev(look));
  }

 private:
  std::vector<uint64_t> looks_;
};

// (time, sum) of a counter that has points, on the grid: between a look and the one before in a
// straight line, else level.
Curve CurveOf(const CellSeries& series, const LookTimes& looks, double end_ms) {
  Curve curve{};
  const double step_ms = end_ms / kGrid;  // exact: kGrid is a power of two
  const auto time_of = [step_ms](size_t i) { return step_ms * static_cast<double>(i + 1); };
  double sum = 0;
  size_t i = 0;
  for (const CellPoint& point : series.points) {
    const auto to = static_cast<double>(point.time_ms);
    if (i == kGrid) break;
    if (time_of(i) < to) {
      const double from = looks.Before(point.time_ms);
      if (sum == 0 && end_ms > 0) {  // nothing to add before it
        i = static_cast<size_t>(
            std::clamp(from / end_ms * kGrid, static_cast<double>(i), double{kGrid}));
      }
      const double slope = (point.bytes - sum) / (to - from);
      for (; i < kGrid && time_of(i) < to; ++i)
        curve[i] = static_cast<float>(sum + std::max(time_of(i) - from, 0.0) * slope);
    }
    sum = point.bytes;
  }
  std::fill(curve.begin() + static_cast<ptrdiff_t>(i), curve.end(), static_cast<float>(sum));
  return curve;
}

void AddCurve(const Curve& from, float sign, Curve& to) {
  for (size_t i = 0; i < kGrid; ++i) to[i] += sign * from[i];
}

// What the interval `coarsest` would have sampled of each of these deaths.
double Scale(double samples, double objects, double bytes, double coarsest) {
  if (samples <= 0 || objects <= 0 || bytes <= 0) return 1;
  return std::min(1.0, objects * SamplingProbability(bytes / objects, coarsest) / samples);
}

// Kept deaths of one (site, band), by death; [begin, end).
struct KeptOfBand {
  const capture::KeptDeath* const* begin = nullptr;
  const capture::KeptDeath* const* end = nullptr;
};

// Spreads deaths evenly over the time since the look before.
void AddStep(double from_ms, double to_ms, double deaths, double bytes, uint8_t band,
             SiteHistory& history) {
  const double longest = history.grid_end_ms / kStepsOfRun;
  const int parts = static_cast<int>(
      std::clamp(std::ceil((to_ms - from_ms) / std::max(longest, 1.0)), 1.0, kStepsOfRun));
  history.steps.push_back({static_cast<float>(to_ms), static_cast<float>(to_ms - from_ms),
                           static_cast<float>(deaths), static_cast<float>(bytes), band,
                           static_cast<uint8_t>(parts)});
}

// Deaths of one counter that are not in `kept`. A death and the look that counts it may fall on
// either side of a millisecond, so what is kept too early is taken off the next step.
void AddSteps(const CellSeries& series, const LookTimes& looks, KeptOfBand kept, double coarsest,
              SiteHistory& history) {
  CellPoint before;
  double owed = 0;
  for (const CellPoint& point : series.points) {
    const double samples =
        static_cast<double>(point.samples - std::min(before.samples, point.samples));
    for (; kept.begin != kept.end && (*kept.begin)->death_ms <= point.time_ms; ++kept.begin) {
      owed += 1 / std::max((*kept.begin)->keep_probability, 1e-6);
    }
    const double left = std::max(samples - owed, 0.0);
    owed -= samples - left;
    if (left > 0) {
      const double bytes = point.bytes - before.bytes;
      const double scale = Scale(samples, point.objects - before.objects, bytes, coarsest);
      const double from =
          std::max(static_cast<double>(before.time_ms), looks.Before(point.time_ms));
      AddStep(from, static_cast<double>(point.time_ms), left * scale, bytes * left / samples,
              series.band, history);
    }
    before = point;
  }
}

void AddCells(const CellSeries& series, const LookTimes& looks, KeptOfBand kept, double coarsest,
              Curves& curves, SiteHistory& history) {
  if (series.points.empty()) return;
  const CellPoint& last = series.points.back();
  const int sign = Removes(series.band) ? -1 : 1;
  history.net_bytes += sign * last.bytes;
  history.net_objects += sign * last.objects;
  if (last.variance > 0) history.exact = false;
  const Curve curve = CurveOf(series, looks, history.grid_end_ms);
  AddCurve(curve, static_cast<float>(sign), curves.level);
  if (series.band == capture::kBandBirths) {
    history.born_bytes += last.bytes;
    history.born_samples += static_cast<double>(last.samples);
    AddCurve(curve, 1, curves.born);
  } else if (IsDeaths(series.band)) {
    AddSteps(series, looks, kept, coarsest, history);
  }
}

class Gatherer {
 public:
  Gatherer(const Capture& capture, double end_ms)
      : capture_(capture), end_ms_(end_ms), drawn_(capture::IsDrawn(capture.survivors)) {}

  std::map<SiteId, SiteHistory> Run() {
    CountBySite();
    for (const capture::Survivor& survivor : capture_.survivors) Add(survivor);
    std::vector<const capture::KeptDeath*> kept;
    kept.reserve(capture_.kept_deaths.size());
    for (const capture::KeptDeath& death : capture_.kept_deaths) {
      Add(death);
      kept.push_back(&death);
    }
    std::sort(kept.begin(), kept.end(), [](const auto* a, const auto* b) {
      return std::tuple(a->site, Band(*a), a->death_ms) <
             std::tuple(b->site, Band(*b), b->death_ms);
    });
    AddAllCells(kept);
    return std::move(histories_);
  }

 private:
  static uint8_t Band(const capture::KeptDeath& death) {
    return capture::AgeBand(death.death_ms - std::min(death.birth_ms, death.death_ms));
  }

  static KeptOfBand Of(const std::vector<const capture::KeptDeath*>& kept,
                       const CellSeries& series) {
    const auto key = std::pair(series.site, series.band);
    const auto begin = std::lower_bound(
        kept.begin(), kept.end(), key,
        [](const auto* death, const auto& k) { return std::pair(death->site, Band(*death)) < k; });
    const auto end = std::upper_bound(begin, kept.end(), key, [](const auto& k, const auto* death) {
      return k < std::pair(death->site, Band(*death));
    });
    return {kept.data() + (begin - kept.begin()), kept.data() + (end - kept.begin())};
  }

  void AddAllCells(const std::vector<const capture::KeptDeath*>& kept) {
    const LookTimes looks(capture_);
    for (const CellSeries* before = nullptr; const CellSeries& series : capture_.cells) {
      if (before == nullptr || before->site != series.site) At(series.site);
      before = &series;
    }
    std::vector<std::pair<SiteId, SiteHistory*>> each;
    for (auto& [site, history] : histories_) each.emplace_back(site, &history);
    ParallelFor(each.size(), [&](size_t i) {
      const auto [site, history] = each[i];
      const auto curves = std::make_shared<Curves>();
      for (auto cell = std::ranges::lower_bound(capture_.cells, site, {}, &CellSeries::site);
           cell != capture_.cells.end() && cell->site == site; ++cell) {
        AddCells(*cell, looks, Of(kept, *cell), coarsest_.at(site), *curves, *history);
      }
      history->curves = curves;
      SortByBirth(history->survivors);
      SortByBirth(history->dead);
      history->steps.shrink_to_fit();
    });
  }

  // The coarsest interval of each site's blocks, and room for exactly so many.
  void CountBySite() {
    absl::flat_hash_map<SiteId, std::pair<size_t, size_t>> counts;
    for (const capture::Survivor& survivor : capture_.survivors) {
      ++counts[survivor.site].first;
      Coarsen(survivor.site, survivor.interval_bytes);
    }
    for (const capture::KeptDeath& death : capture_.kept_deaths) {
      ++counts[death.site].second;
      Coarsen(death.site, death.interval_bytes);
    }
    for (const CellSeries& series : capture_.cells)
      coarsest_.try_emplace(series.site, static_cast<double>(capture_.interval_now));
    for (const auto& [site, count] : counts) {
      At(site).survivors.reserve(count.first);
      At(site).dead.reserve(count.second);
    }
  }

  void Coarsen(SiteId site, uint64_t interval) {
    double& coarsest = coarsest_[site];
    coarsest = std::max({coarsest, static_cast<double>(interval), 1.0});
  }

  SiteHistory& At(SiteId site) {
    const auto [found, is_new] = histories_.try_emplace(site);
    SiteHistory& history = found->second;
    if (is_new) {
      history.sites.push_back(site);
      history.grid_end_ms = end_ms_;
      const auto stack = capture_.stacks.find(site);
      if (stack != capture_.stacks.end()) history.kind = stack->second.kind;
      history.kept_in_part = drawn_ && history.kind == capture::SiteKind::kHeap;
    }
    return history;
  }

  void Add(const capture::Survivor& survivor) {
    SiteHistory& history = At(survivor.site);
    WeightedBlock block = Weigh(survivor, coarsest_[survivor.site]);
    block.first_birth_ms =
        static_cast<double>(std::min(survivor.first_birth_ms, survivor.birth_ms));
    history.survivors.push_back(block);
    if (survivor.interval_bytes > 1) history.exact = false;
  }

  void Add(const capture::KeptDeath& death) {
    WeightedBlock block = Weigh(death, coarsest_[death.site]);
    block.death_ms = static_cast<double>(std::max(death.birth_ms, death.death_ms));
    At(death.site).dead.push_back(block);
  }

  const Capture& capture_;
  const double end_ms_;
  const bool drawn_;
  std::map<SiteId, SiteHistory> histories_;
  absl::flat_hash_map<SiteId, double> coarsest_;
};

}  // namespace

void SortByBirth(std::vector<WeightedBlock>& blocks) {
  const auto before = [](const WeightedBlock& a, const WeightedBlock& b) {
    return a.birth_ms < b.birth_ms;
  };
  if (!std::is_sorted(blocks.begin(), blocks.end(), before))
    std::stable_sort(blocks.begin(), blocks.end(), before);
}

double SiteTotals::Interpolate(const Curve& curve, double ms) const {
  if (grid_end_ms <= 0) return 0;
  const double place = std::clamp(ms / grid_end_ms, 0.0, 1.0) * kGrid - 1;
  const auto at = [&](double i) {
    return i < 0 ? 0.0 : double{curve[std::min(static_cast<size_t>(i), kGrid - 1)]};
  };
  const double low = std::floor(place);
  return at(low) + (at(low + 1) - at(low)) * (place - low);
}

std::map<SiteId, SiteHistory> GatherHistories(const Capture& capture, double end_ms) {
  std::map<SiteId, SiteHistory> histories = Gatherer(capture, end_ms).Run();
  std::erase_if(
      histories,
      [&](const auto& entry) {  // what the program has marked is there to stay: nobody's fault
        const auto stack = capture.stacks.find(entry.first);
        return stack != capture.stacks.end() && stack->second.immortal;
      });
  return histories;
}

}  // namespace leaktrack
