// SPDX-License-Identifier: Apache-2.0
//
// The heavier populations.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/verdicts/population.h"

namespace leaktrack::verdicts {
namespace {

const std::vector<Trend> kDying = {Trend::kChurn, Trend::kFlat, Trend::kBounded, Trend::kPeriodic};

// One caller of many forgets. The function that they all call is innocent.
void AddGuiltyCaller(SiteMaker& m, double rate) {
  const std::string shared = "app::buffers::Make" + std::to_string(m.program().units.size());
  for (int i = 0; i < 20; ++i) {
    Unit& unit = m.AddUnit("innocent caller");
    unit.trends = kDying;
    const std::string caller = unit.culprit;
    m.Pour(m.AddSite({"malloc", shared, caller, "app::Serve", "main"}), m.DrawBytes(400),
           m.DrawSize(), m.Between(0, m.end()),
           m.After(m.random().LogUniform(kSecond / 10, m.end() / 100)));
  }
  Unit& unit = m.AddUnit("guilty caller");
  unit.leak = unit.steady = true;
  unit.bytes_per_hour = rate;
  unit.trends = {Trend::kLinear};
  unit.leaked_bytes = [rate](double ms) { return rate * ms / kHour; };
  m.Pour(m.AddSite({"malloc", shared, unit.culprit, "app::Serve", "main"}), rate * m.end() / kHour,
         m.DrawSize(), m.Between(0, m.end()), SiteMaker::Never);
}

// A cache that is full soon. Its values are replaced at random, and now and then all at once.
void AddReplacedValues(SiteMaker& m) {
  Unit& unit = m.AddUnit("replaced values");
  unit.trends = {Trend::kChurn, Trend::kBounded, Trend::kFlat, Trend::kPeriodic};
  const double life = m.random().LogUniform(m.end() / 60, m.end() / 6);
  unit.hard = false;
  m.Pour(m.AddSite(), 60 * m.interval() * m.end() / life, m.DrawSize(), m.Between(0, m.end()),
         m.After(life));
}

// The bytes that 300,000 samples stand for: a busier site would only cost time.
double BusiestHour(const SiteMaker& m) { return 300e3 * m.interval() / (m.end() / kHour); }

// The load doubles by the end: more of everything is alive, but nothing is lost.
void AddRisingLoad(SiteMaker& m) {
  Unit& unit = m.AddUnit("rising load");
  unit.trends = kDying;
  const double factor = m.random().Uniform(1.5, 4), end = m.end();
  const double life = m.random().LogUniform(kMinute / 2, end / 16);
  m.Pour(
      m.AddSite(), m.DrawBytes(2000), m.DrawSize(),
      [=](double u) { return end * (std::sqrt(1 + u * (factor * factor - 1)) - 1) / (factor - 1); },
      m.After(life));
}

// A collector frees in waves blocks that died long ago.
void AddCollected(SiteMaker& m) {
  Unit& unit = m.AddUnit("garbage collected");
  unit.trends = {Trend::kChurn, Trend::kBounded, Trend::kPeriodic, Trend::kFlat};
  const double wave = m.random().LogUniform(m.end() / 100, m.end() / 10);
  const double life = m.random().LogUniform(kSecond, m.end() / 50);
  m.Pour(m.AddSite(), m.DrawBytes(1500), m.DrawSize(), m.Between(0, m.end()),
         [&m, wave, life](double birth) {
           return (std::floor((birth + m.random().Exponential(life)) / wave) + 1) * wave;
         });
}

// Connections that are opened early and live as long as the process. Their buffers come and go.
void AddPool(SiteMaker& m) {
  Unit& unit = m.AddUnit("pool");
  unit.trends = {Trend::kStartup, Trend::kChurn, Trend::kBounded, Trend::kFlat, Trend::kPlateau};
  const uint32_t site = m.AddSite();
  const double size = m.DrawSize();
  m.Pour(site, m.random().LogUniform(5, 200) * m.interval(), size, m.Between(0, .03 * m.end()),
         SiteMaker::Never);
  m.Pour(site, m.DrawBytes(500), size, m.Between(0, m.end()), m.After(m.end() / 100));
}

}  // namespace

void AddHeavyHealthy(SiteMaker& m) {
  for (int i = 0; i < 10; ++i) {
    AddReplacedValues(m);
    AddRisingLoad(m);
    AddCollected(m);
    AddPool(m);
  }
}

void AddHeavy(SiteMaker& m) {
  const auto rate = [&m] { return m.random().LogUniform(2, 100) * kMegabyte; };
  AddBurstyLeak(m, rate());
  AddBurstyLeak(m, rate());
  AddPathsLeak(m, rate(), 30);
  AddPathsLeak(m, rate(), 300);
  AddPartialLeak(m, std::min(m.random().LogUniform(10, 60) * kMegabyte, BusiestHour(m) / 100), .01);
  AddFreedAtExitLeak(m, rate());
  AddLoadedLeak(m, rate());
  AddGuiltyCaller(m, rate());
  AddHeavyHealthy(m);
}

}  // namespace leaktrack::verdicts
