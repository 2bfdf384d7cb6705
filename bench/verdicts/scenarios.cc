// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/scenarios.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "bench/verdicts/population.h"
#include "bench/verdicts/tracked_run.h"
#include "tools/analysis/analyze.h"

namespace leaktrack::verdicts {
namespace {

constexpr double kLookStep = 1.1;
constexpr double kFirstLook = 60 * kSecond;

Truth TruthOf(const Program& program, const TrackedRun& run, const capture::Capture& capture,
              const Analysis& analysis) {
  Truth truth{program, {}, static_cast<double>(capture.interval_now)};
  for (const SiteResult& result : analysis.sites) {
    std::vector<uint32_t>& sites = truth.sites_of_result.emplace_back();
    for (const capture::SiteId site : result.sites) sites.push_back(run.ProgramSite(site));
  }
  return truth;
}

Program EmptyProgram(double hours, uint64_t interval) {
  Program program;
  program.end_ms = hours * kHour;
  program.interval = interval;
  return program;
}

// A cache that is still filling does grow. A forecast of leaks alone is judged without such caches.
void DropHard(Program& program) {
  for (Block& block : program.blocks) {  // never born: others refer to blocks by index
    if (program.units[program.sites[block.site].unit].hard)
      block.birth_ms = block.death_ms = kForever;
  }
}

}  // namespace

Program MakeProgram(const Scenario& scenario, uint64_t seed) {
  Program program = EmptyProgram(scenario.hours, scenario.interval);
  Random random(seed);
  SiteMaker maker(&program, &random);
  program.load = {random.Uniform(.3, .9), random.Uniform(0, 2 * std::numbers::pi), 0,
                  program.end_ms};
  if (scenario.heavy && random.Chance(.5)) program.load.rise = random.Uniform(.5, 3);
  AddHealthy(maker, scenario.scale);
  AddLeaks(maker, 3);
  if (scenario.heavy) AddHeavy(maker);
  return program;
}

Score RunScenario(const Scenario& scenario, uint64_t seed, const Watch& watch) {
  const Program program = MakeProgram(scenario, seed);
  TrackedRun run(program, seed);
  const capture::Capture capture = run.Finish();
  const auto start = std::chrono::steady_clock::now();
  const Analysis analysis = Analyze(capture, run.names());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const Truth truth = TruthOf(program, run, capture, analysis);
  if (watch) watch(program, truth, analysis);
  Score score = Hold(truth, analysis);
  score.seconds = took.count();
  return score;
}

namespace {

// Steady leaks that lose 60 to 1,000 T each, among a few healthy sites.
Program SteadyLeaks(double hours, uint64_t interval, uint64_t seed) {
  Program program = EmptyProgram(hours, interval);
  Random random(seed);
  SiteMaker maker(&program, &random);
  AddHealthy(maker, .15);
  const auto rate = [&] { return random.LogUniform(60, 1000) * maker.interval() / hours; };
  for (int i = 0; i < 10; ++i) {
    AddLinearLeak(maker, rate());
    AddPartialLeak(maker, rate(), random.LogUniform(.1, .5));
  }
  return program;
}

// Of each unit: the first look that accused one of its sites.
std::vector<double> FirstAccused(const Program& program, uint64_t seed,
                                 std::vector<CalibrationEntry>* entries) {
  TrackedRun run(program, seed);
  std::vector<double> first(program.units.size(), kForever);
  for (double at = kFirstLook; at <= program.end_ms; at *= kLookStep) {
    run.AdvanceTo(at);
    const capture::Capture capture = run.Look();
    for (const SiteResult& site : Analyze(capture, run.names()).sites) {
      if (site.leak_probability && !site.sites.empty()) {
        CalibrationEntry entry;
        entry.program = static_cast<uint32_t>(seed);
        entry.unit = program.sites[run.ProgramSite(site.sites[0])].unit;
        const Unit& unit = program.units[entry.unit];
        entry.leak = unit.leak;
        entry.hard = unit.hard;
        entry.kind = unit.kind;
        if (unit.leak) entry.leaked = unit.leaked_bytes(at) / static_cast<double>(program.interval);
        entry.probability = *site.leak_probability;
        entry.signs = site.signs;
        entries->push_back(std::move(entry));
      }
      if (site.verdict < Verdict::kSuspect) continue;
      for (const capture::SiteId id : site.sites) {
        double& when = first[program.sites[run.ProgramSite(id)].unit];
        when = std::min(when, at);
      }
    }
  }
  return first;
}

}  // namespace

FirstSuspicion RunLooks(double hours, uint64_t interval, uint64_t seed) {
  const Program program = SteadyLeaks(hours, interval, seed);
  FirstSuspicion result;
  const std::vector<double> first = FirstAccused(program, seed, &result.entries);
  const auto t = static_cast<double>(interval);
  for (size_t i = 0; i < program.units.size(); ++i) {
    const Unit& unit = program.units[i];
    const bool accused = !std::isinf(first[i]);
    if (unit.leak) result.leaked.push_back(accused ? unit.leaked_bytes(first[i]) / t : kForever);
    if (unit.leak) {
      const double due = std::max(30 * t / unit.bytes_per_hour * kHour, 3 * kMinute);
      result.in_time.Add(first[i] <= due * kLookStep);
    }
    if (!unit.leak && !unit.hard) result.ever_accused += accused, ++result.sites;
  }
  return result;
}

Forecasts RunForecast(double hours, uint64_t interval, uint64_t seed) {
  Program program = EmptyProgram(hours, interval);
  Random random(seed);
  SiteMaker maker(&program, &random);
  AddHealthy(maker, .1);
  DropHard(program);
  double rate = 0;
  for (uint64_t left = 1 + random.Below(3); left > 0; --left) {
    const double least = std::max(5 * kMegabyte, 150 * maker.interval() / hours);
    const double one = random.LogUniform(least, std::max(100 * kMegabyte, 4 * least));
    AddLinearLeak(maker, one);
    rate += one;
  }
  const double true_hours = random.LogUniform(.5, 100);
  program.limit_bytes = std::round(program.TrueBytes(program.end_ms) + 20e6 + rate * true_hours);
  TrackedRun run(program, seed);
  const capture::Capture capture = run.Finish();
  const ProcessResult process = Analyze(capture, run.names()).process;
  Forecasts result;
  if (!process.seconds_mid) {
    ++result.without;
    return result;
  }
  const double truth = true_hours * 3600;
  result.errors.push_back(std::abs(*process.seconds_mid / truth - 1));
  result.covered.Add(*process.seconds_low <= truth &&
                     truth <= process.seconds_high.value_or(kForever));
  return result;
}

void Forecasts::Add(const Forecasts& other) {
  errors.insert(errors.end(), other.errors.begin(), other.errors.end());
  covered.part += other.covered.part, covered.all += other.covered.all;
  without += other.without;
}

}  // namespace leaktrack::verdicts
