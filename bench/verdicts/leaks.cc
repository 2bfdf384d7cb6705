// SPDX-License-Identifier: Apache-2.0
//
// Sites that leak, and a busy neighbour for each.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "bench/verdicts/population.h"

namespace leaktrack::verdicts {
namespace {

Unit& AddLeak(SiteMaker& m, const char* kind, double rate, std::vector<Trend> trends) {
  Unit& unit = m.AddUnit(kind);
  unit.leak = true;
  unit.bytes_per_hour = rate;
  unit.trends = std::move(trends);
  return unit;
}

void MakeSteady(Unit& unit) {
  unit.steady = true;
  unit.leaked_bytes = [rate = unit.bytes_per_hour](double ms) { return rate * ms / kHour; };
}

double LeakedBytes(SiteMaker& m) {
  const Unit& unit = m.program().units.back();
  return unit.leaked_bytes(m.end());
}

// A decoy: healthy traffic of another call in the same function.
void AddNeighbour(SiteMaker& m) {
  const std::string kind = m.program().units.back().kind;
  Unit& unit = m.AddUnit("beside " + kind);
  unit.trends = {Trend::kChurn, Trend::kFlat, Trend::kBounded, Trend::kPeriodic};
  m.Pour(m.AddSite(), m.DrawBytes(2000), m.DrawSize(), m.Between(0, m.end()),
         m.After(m.random().LogUniform(kSecond / 10, m.end() / 64)));
}

}  // namespace

void AddLinearLeak(SiteMaker& m, double rate) {
  MakeSteady(AddLeak(m, "linear leak", rate, {Trend::kLinear}));
  m.Pour(m.AddSite(), LeakedBytes(m), m.DrawSize(), m.Between(0, m.end()), SiteMaker::Never);
}

void AddPartialLeak(SiteMaker& m, double rate, double share) {
  MakeSteady(AddLeak(m, "partial leak", rate, {Trend::kLinear}));
  const uint32_t site = m.AddSite();
  const double size = m.DrawSize(), life = m.random().LogUniform(kSecond / 10, m.end() / 200);
  m.Pour(site, LeakedBytes(m), size, m.Between(0, m.end()), SiteMaker::Never);
  m.Pour(site, LeakedBytes(m) * (1 - share) / share, size, m.Between(0, m.end()), m.After(life));
}

void AddExponentialLeak(SiteMaker& m, double rate) {
  Unit& unit = AddLeak(m, "exponential leak", rate, {Trend::kExponential, Trend::kAccelerating});
  const double growth = std::numbers::ln2 / (m.end() * m.random().LogUniform(.12, .4));  // per ms
  const double end = m.end();
  unit.leaked_bytes = [=](double ms) {
    return rate / kHour * (std::exp(growth * (ms - end)) - std::exp(-growth * end)) / growth;
  };
  m.Pour(
      m.AddSite(), LeakedBytes(m), m.DrawSize(),
      [=](double u) { return end + std::log(std::exp(-growth * end) * (1 - u) + u) / growth; },
      SiteMaker::Never);
}

// A batch that forgets a part of its blocks.
void AddSawtoothLeak(SiteMaker& m, double rate) {
  MakeSteady(AddLeak(m, "sawtooth leak", rate, {Trend::kSawtooth, Trend::kLinear}));
  const uint32_t site = m.AddSite();
  const double size = m.DrawSize(), period = m.random().LogUniform(m.end() / 64, m.end() / 8);
  const double tooth = rate * period / kHour * m.random().LogUniform(2, 20);
  m.Pour(site, LeakedBytes(m), size, m.Between(0, m.end()), SiteMaker::Never);
  m.Pour(site, std::min(tooth * m.end() / period, 8000 * m.interval()), size, m.Between(0, m.end()),
         [period](double birth) { return (std::floor(birth / period) + 1) * period; });
}

void AddLoadedLeak(SiteMaker& m, double rate) {
  const Load load = m.program().load;
  Unit& unit =
      AddLeak(m, "loaded leak", rate, {Trend::kLinear, Trend::kAccelerating, Trend::kDecelerating});
  const double per_work = rate / kHour / load.At(m.end());
  unit.leaked_bytes = [=](double ms) { return per_work * load.Until(ms); };
  m.Pour(m.AddSite(), LeakedBytes(m), m.DrawSize(), m.WithLoad(), SiteMaker::Never);
}

void AddLateLeak(SiteMaker& m, double rate) {
  Unit& unit =
      AddLeak(m, "late leak", rate, {Trend::kLinear, Trend::kAccelerating, Trend::kExponential});
  const double onset = m.end() * m.random().Uniform(.25, .75);
  unit.onset_ms = onset;
  unit.leaked_bytes = [=](double ms) { return std::max(0.0, ms - onset) / kHour * rate; };
  m.Pour(m.AddSite(), LeakedBytes(m), m.DrawSize(), m.Between(onset, m.end()), SiteMaker::Never);
}

void AddContainerLeak(SiteMaker& m, double rate) {
  Unit& unit = AddLeak(m, "container leak", rate, {Trend::kContainer});
  const double factor = m.random().Chance(.5) ? 2 : 1.5;
  unit.leaked_bytes = [rate](double ms) { return rate * ms / kHour; };
  m.Grow(m.AddSite(), 256, factor, kForever, m.random().Chance(.5),
         [rate](double used) { return used / rate * kHour; });
}

// First in, first out, and more comes in than goes out: element k is served when capacity allows.
void AddBacklog(SiteMaker& m, double rate) {
  Unit& unit = AddLeak(m, "backlog", rate, {Trend::kBacklog});
  const double excess = m.random().Uniform(.1, .5);
  unit.leaked_bytes = [rate](double ms) { return rate * ms / kHour; };
  m.Pour(m.AddSite(), std::min(LeakedBytes(m) / excess, 20'000 * m.interval()), m.DrawSize(),
         m.Between(0, m.end()), [excess](double birth) { return birth / (1 - excess); });
}

void AddBurstyLeak(SiteMaker& m, double rate) {
  Unit& unit = AddLeak(m, "bursty leak", rate, {Trend::kLinear, Trend::kSawtooth});
  unit.leaked_bytes = [rate](double ms) { return rate * ms / kHour; };
  const uint32_t site = m.AddSite();
  const auto bursts = static_cast<int>(m.random().LogUniform(15, 120));
  const double size = m.DrawSize(), each = LeakedBytes(m) / bursts;
  for (int i = 0; i < bursts; ++i) {
    const double at = m.random().Uniform(0, m.end());
    m.Pour(site, each, size, m.Between(at, at + kSecond), SiteMaker::Never);
  }
}

// The same function, called by many callers.
void AddPathsLeak(SiteMaker& m, double rate, int paths) {
  MakeSteady(
      AddLeak(m, paths > 100 ? "leak by 300 paths" : "leak by 30 paths", rate, {Trend::kLinear}));
  const double size = m.DrawSize();
  for (int i = 0; i < paths; ++i) {
    m.Pour(m.AddSite(), LeakedBytes(m) / paths, size, m.Between(0, m.end()), SiteMaker::Never);
  }
}

void AddFreedAtExitLeak(SiteMaker& m, double rate) {
  Unit& unit = AddLeak(m, "freed at exit", rate, {Trend::kLinear});
  const double last = m.end() - std::min(2 * kSecond, m.end() / 1000);
  unit.leaked_bytes = [rate](double ms) { return rate * ms / kHour; };
  m.Pour(m.AddSite(), LeakedBytes(m), m.DrawSize(), m.Between(0, last),
         [last](double) { return last; });
}

void AddLeaks(SiteMaker& m, int of_each) {
  const auto rate = [&m] { return m.random().LogUniform(.1, 100) * kMegabyte; };
  for (int i = 0; i < of_each; ++i) {
    AddLinearLeak(m, rate()), AddNeighbour(m);
    AddPartialLeak(m, rate(), m.random().LogUniform(.02, .3)), AddNeighbour(m);
    AddExponentialLeak(m, rate()), AddNeighbour(m);
    AddSawtoothLeak(m, rate()), AddNeighbour(m);
    AddLoadedLeak(m, rate()), AddNeighbour(m);
    AddLateLeak(m, rate()), AddNeighbour(m);
    AddContainerLeak(m, rate()), AddNeighbour(m);
    AddBacklog(m, rate()), AddNeighbour(m);
  }
}

}  // namespace leaktrack::verdicts
