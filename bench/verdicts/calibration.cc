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

namespace leaktrack::verdicts {

const std::vector<Population> kPopulations = {
    {"10 min of 6 h, 16 KiB", 1.0 / 6, 6, 16 << 10, false, 20, 3000, 60},
    {"1 h of 6 h, 64 KiB", 1, 6, 64 << 10, false, 20, 2000, 40},
    {"1 h of 24 h, 16 KiB", 1, 24, 16 << 10, false, 20, 2000, 40},
    {"6 h, 64 KiB", 6, 6, 64 << 10, false, 20, 1500, 60},
    {"24 h, 512 KiB", 24, 24, 512 << 10, false, 20, 1500, 60},
    {"heavy 6 h, 64 KiB", 6, 6, 64 << 10, true, 20, 1500, 40},
};

namespace {

constexpr double kHealthyScale = .15;  // of the population: about 290 sites
constexpr int kLooks = 12;
constexpr double kFirstLookMs = 10 * kSecond;
constexpr double kMostOfPartial =
    8000;  // T of a busy site that leaks in part: more only costs time
constexpr int kDraws = 400;

// What is born after the watched time is never seen; others name blocks by their place.
void CutOff(Program& program, double end_ms) {
  for (Block& block : program.blocks) {
    if (block.birth_ms >= end_ms) block.birth_ms = block.death_ms = kForever;
  }
  program.end_ms = end_ms;
}

class LeakMaker {
 public:
  LeakMaker(SiteMaker& maker, const Population& population) : m_(maker), population_(population) {}

  void AddAll() {
    for (int i = 0; i < 4; ++i) AddLinearLeak(m_, Rate());
    for (int i = 0; i < 4; ++i) AddPartial();
    for (int i = 0; i < 2; ++i) AddExponentialLeak(m_, Rate());
    for (int i = 0; i < 2; ++i) AddSawtoothLeak(m_, Rate());
    for (int i = 0; i < 2; ++i) AddLoadedLeak(m_, Rate());
    AddLateLeak(m_, Rate());
    AddLateLeak(m_, Rate());
    AddContainerLeak(m_, Rate());
    AddBacklog(m_, Rate());
    AddBurstyLeak(m_, Rate());
    AddPathsLeak(m_, Rate(), 30);
  }

 private:
  double Leaked() { return m_.random().LogUniform(population_.fewest, population_.most); }
  double Rate() { return Leaked() * m_.interval() / population_.watched_hours; }
  void AddPartial() {
    const double leaked = Leaked();
    const double share = m_.random().LogUniform(std::max(.02, leaked / kMostOfPartial), .5);
    AddPartialLeak(m_, leaked * m_.interval() / population_.watched_hours, share);
  }

  SiteMaker& m_;
  const Population& population_;
};

Program MakeCalibrationProgram(const Population& population, Random& random) {
  Program program;
  program.end_ms = population.made_for_hours * kHour;
  program.interval = population.interval;
  SiteMaker maker(&program, &random);
  program.load = {random.Uniform(.3, .9), random.Uniform(0, 2 * std::numbers::pi), 0,
                  program.end_ms};
  if (population.heavy && random.Chance(.5)) program.load.rise = random.Uniform(.5, 3);
  AddHealthy(maker, kHealthyScale);
  if (population.heavy) AddHeavyHealthy(maker);
  CutOff(program, population.watched_hours * kHour);
  LeakMaker(maker, population).AddAll();
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

struct Sums {
  double entries = 0, said = 0, leaks = 0;
  void Add(const Sums& other) {
    entries += other.entries, said += other.said, leaks += other.leaks;
  }
  double Off() const { return entries > 0 ? (leaks - said) / entries : 0; }
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
    const Sums one{1, entry.probability, entry.leak ? 1.0 : 0.0};
    by_program[{entry.population, entry.program}][tenth].Add(one);
    all[tenth].Add(one);
  }
  std::vector<const Tenths*> programs;
  for (const auto& [program, tenths] : by_program) programs.push_back(&tenths);
  Random random(1);
  std::vector<Bin> bins;
  for (const auto& range : Joined(all, fewest)) {
    const Sums sum = SumOf(all, range);
    Bin bin{range.first * .1, (range.second + 1) * .1, sum.entries, sum.said, sum.leaks, 0, 0};
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
