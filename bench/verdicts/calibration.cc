// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "bench/verdicts/population.h"
#include "bench/verdicts/scenarios.h"
#include "bench/verdicts/tracked_run.h"
#include "tools/analysis/analyze.h"
#include "tools/analysis/detect/leak_probability.h"

namespace leaktrack::verdicts {

const std::vector<Population> kPopulations = {
    {"10 min of 6 h, 16 KiB", 1.0 / 6, 6, 16 << 10, false, 5, 800, 60},
    {"1 h of 6 h, 64 KiB", 1, 6, 64 << 10, false, 10, 1000, 40},
    {"6 h, 64 KiB", 6, 6, 64 << 10, false, 20, 1000, 60},
    {"24 h, 512 KiB", 24, 24, 512 << 10, false, 20, 1000, 60},
    {"heavy 6 h, 64 KiB", 6, 6, 64 << 10, true, 20, 1000, 40},
};

namespace {

constexpr double kHealthyScale = .15;  // of the population: about 290 sites
constexpr double kArrays = 5, kBusyCaches = 3;
constexpr int kLooks = 12;
constexpr double kFirstLookMs = 10 * kSecond;
constexpr double kMostOfPartial =
    8000;  // T of a busy site that leaks in part: more only costs time
constexpr int kDraws = 400;

// Half of the time the same place makes what is dropped soon, for each block that stays.
void AddTraffic(SiteMaker& m, uint32_t site, double kept_bytes, const TimeMap& birth) {
  if (m.random().Chance(.5)) return;
  const double share = m.random().LogUniform(.05, .8);
  m.Pour(site, std::min(kept_bytes * (1 - share) / share, kMostOfPartial * m.interval()),
         m.DrawSize(), birth, m.After(m.random().LogUniform(kSecond / 10, 10 * kSecond)));
}

// What a program loads, at an even pace, until it has all: while it lasts, the same as a leak.
void AddArray(SiteMaker& m) {
  Unit& unit = m.AddUnit("array that fills");
  unit.trends = {Trend::kStartup, Trend::kPlateau, Trend::kStep, Trend::kFlat};
  const double from = m.random().Chance(.5) ? 0 : m.random().LogUniform(kSecond, 20 * kMinute);
  const double until = from + m.random().LogUniform(5 * kSecond, 20 * kMinute);
  const uint32_t site = m.AddSite();
  const double bytes = m.random().LogUniform(10, 1000) * m.interval();
  m.Pour(site, bytes, m.DrawSize(), m.Between(from, until), SiteMaker::Never);
  AddTraffic(m, site, bytes, m.Between(from, until));
}

void AddBusyCache(SiteMaker& m) {
  Unit& unit = m.AddUnit("busy cache");
  unit.trends = {Trend::kPlateau, Trend::kDecelerating, Trend::kFlat, Trend::kStartup};
  const double fill = m.random().LogUniform(kMinute, m.end());
  const TimeMap birth = [fill](double u) { return -fill * std::log1p(-u); };
  const uint32_t site = m.AddSite();
  const double bytes = m.random().LogUniform(20, 1000) * m.interval();
  m.Pour(site, bytes, m.DrawSize(), birth, SiteMaker::Never);
  AddTraffic(m, site, bytes, birth);
}

// What is born after the watched time is never seen; others name blocks by their place.
void CutOff(Program& program, double end_ms) {
  for (Block& block : program.blocks) {
    if (block.birth_ms >= end_ms) block.birth_ms = block.death_ms = kForever;
  }
  program.end_ms = end_ms;
}

// Twenty leaks on average beside healthy sites of `kHealthyScale`.
class LeakMaker {
 public:
  LeakMaker(SiteMaker& maker, const Population& population, double times)
      : m_(maker), population_(population), times_(times) {}

  void AddAll() {
    Some(4, [&] { AddLinearLeak(m_, Rate()); });
    Some(4, [&] { AddPartial(); });
    Some(2, [&] { AddExponentialLeak(m_, Rate()); });
    Some(2, [&] { AddSawtoothLeak(m_, Rate()); });
    Some(2, [&] { AddLoadedLeak(m_, Rate()); });
    Some(2, [&] { AddLateLeak(m_, Rate()); });
    Some(1, [&] { AddContainerLeak(m_, Rate()); });
    Some(1, [&] { AddBacklog(m_, Rate()); });
    Some(1, [&] { AddBurstyLeak(m_, Rate()); });
    Some(1, [&] { AddPathsLeak(m_, Rate(), 30); });
  }

 private:
  template <typename Add>
  void Some(double count, const Add& add) {
    for (count *= times_; count > 0; --count) {
      if (count >= 1 || m_.random().Chance(count)) add();
    }
  }
  double Leaked() { return m_.random().LogUniform(population_.fewest, population_.most); }
  double Rate() { return Leaked() * m_.interval() / population_.watched_hours; }
  void AddPartial() {
    const double leaked = Leaked();
    const double share = m_.random().LogUniform(std::max(.02, leaked / kMostOfPartial), .5);
    AddPartialLeak(m_, leaked * m_.interval() / population_.watched_hours, share);
  }

  SiteMaker& m_;
  const Population& population_;
  double times_;
};

Program MakeCalibrationProgram(const Population& population, Random& random) {
  Program program;
  program.end_ms = population.made_for_hours * kHour;
  program.interval = population.interval;
  SiteMaker maker(&program, &random);
  program.load = {random.Uniform(.3, .9), random.Uniform(0, 2 * std::numbers::pi), 0,
                  program.end_ms};
  if (population.heavy && random.Chance(.5)) program.load.rise = random.Uniform(.5, 3);
  // Small programs and large ones, with many leaks for their size and with few.
  const double size = random.LogUniform(.25, 2.2);
  AddHealthy(maker, kHealthyScale * size);
  for (int i = 0; i < kArrays * size; ++i) AddArray(maker);
  for (int i = 0; i < kBusyCaches * size; ++i) AddBusyCache(maker);
  if (population.heavy) AddHeavyHealthy(maker);
  CutOff(program, population.watched_hours * kHour);
  LeakMaker(maker, population, size * random.Uniform(0, 2)).AddAll();
  return program;
}

// The unit that an entry stands for: a leak that has begun, if there is one in it.
const Unit* UnitOf(const Program& program, const TrackedRun& run, const SiteResult& result,
                   double at_ms) {
  const Unit* chosen = nullptr;
  for (const capture::SiteId id : result.sites) {
    const Unit& unit = program.units[program.sites[run.ProgramSite(id)].unit];
    if (chosen == nullptr || (unit.leak && unit.leaked_bytes(at_ms) > 0)) chosen = &unit;
  }
  return chosen;
}

}  // namespace

std::vector<CalibrationEntry> RunCalibration(uint32_t population, uint32_t number, uint64_t seed) {
  Random random(seed + 0x100'0000 * (population + 1));
  const Population& of = kPopulations[population];
  const Program program = MakeCalibrationProgram(of, random);
  std::vector<double> looks(kLooks);
  for (double& look : looks) look = random.LogUniform(kFirstLookMs, program.end_ms);
  std::sort(looks.begin(), looks.end());
  std::vector<int> chosen(program.units.size());
  for (int& look : chosen) look = static_cast<int>(random.Below(kLooks));
  TrackedRun run(program, seed);
  std::vector<CalibrationEntry> entries;
  for (int look = 0; look < kLooks; ++look) {
    const double at_ms = looks[static_cast<size_t>(look)];
    run.AdvanceTo(at_ms);
    for (const SiteResult& result : Analyze(run.Look(), run.names()).sites) {
      if (!result.leak_probability) continue;
      const Unit* unit = UnitOf(program, run, result, at_ms);
      if (unit == nullptr) continue;
      CalibrationEntry entry;
      entry.program = number;
      entry.population = population;
      entry.leak = unit->leak && unit->leaked_bytes(at_ms) > 0;
      entry.unit = static_cast<uint32_t>(unit - program.units.data());
      entry.hard = unit->hard;
      entry.chosen = chosen[static_cast<size_t>(unit - program.units.data())] == look;
      entry.probability = *result.leak_probability;
      entry.kind = unit->kind;
      entry.signs = result.signs;
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

namespace {

constexpr int kTenths = 10;

// Leaks weigh as much more as the stated prior has more of them than the population.
constexpr double kWeightOfLeak = kOddsWatched / kOddsOfPopulation;

struct Sums {
  double entries = 0, weight = 0, said = 0, leaks = 0;
  void Add(const Sums& other) {
    entries += other.entries, weight += other.weight;
    said += other.said, leaks += other.leaks;
  }
  double Off() const { return weight > 0 ? (leaks - said) / weight : 0; }
};

using Tenths = std::array<Sums, kTenths>;

// The last tenth that each tenth is joined up to.
std::vector<std::pair<int, int>> Joined(const Tenths& all, double fewest) {
  std::vector<std::pair<int, int>> bins;
  double seen = 0;
  for (int from = 0, to = 0; to < kTenths; ++to) {
    seen += all[static_cast<size_t>(to)].entries;
    if (seen < fewest && to + 1 < kTenths) continue;
    if (seen < fewest && !bins.empty()) {
      bins.back().second = to;
    } else {
      bins.emplace_back(from, to);
    }
    from = to + 1;
    seen = 0;
  }
  return bins;
}

Sums SumOf(const Tenths& tenths, std::pair<int, int> bin) {
  Sums sum;
  for (int i = bin.first; i <= bin.second; ++i) sum.Add(tenths[static_cast<size_t>(i)]);
  return sum;
}

}  // namespace

std::vector<Bin> Reliability(const std::vector<CalibrationEntry>& entries, double fewest) {
  std::map<std::pair<uint32_t, uint32_t>, Tenths> by_program;
  Tenths all{};
  for (const CalibrationEntry& entry : entries) {
    if (!entry.chosen) continue;
    const auto tenth = static_cast<size_t>(std::min(kTenths - 1.0, entry.probability * kTenths));
    const double weight = entry.leak ? kWeightOfLeak : 1;
    const Sums one{1, weight, weight * entry.probability, entry.leak ? weight : 0};
    by_program[{entry.population, entry.program}][tenth].Add(one);
    all[tenth].Add(one);
  }
  std::vector<const Tenths*> programs;
  for (const auto& [program, tenths] : by_program) programs.push_back(&tenths);
  Random random(1);
  std::vector<Bin> bins;
  for (const auto& range : Joined(all, fewest)) {
    const Sums sum = SumOf(all, range);
    Bin bin{range.first * .1,
            (range.second + 1) * .1,
            sum.entries,
            sum.weight,
            sum.said,
            sum.leaks,
            0,
            0};
    std::vector<double> off;
    for (int draw = 0; draw < kDraws; ++draw) {
      Sums drawn;
      for (size_t i = 0; i < programs.size(); ++i)
        drawn.Add(SumOf(*programs[random.Below(programs.size())], range));
      off.push_back(drawn.Off());
    }
    std::sort(off.begin(), off.end());
    bin.off_low = off[kDraws / 40];
    bin.off_high = off[kDraws - 1 - kDraws / 40];
    bins.push_back(bin);
  }
  return bins;
}

}  // namespace leaktrack::verdicts
