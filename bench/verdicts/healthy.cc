// SPDX-License-Identifier: Apache-2.0
//
// Sites that do not leak.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "bench/verdicts/population.h"

namespace leaktrack::verdicts {
namespace {

constexpr double kBusy = 3000;   // most samples of a site in a run
constexpr double kLiving = 300;  // most samples alive at a time

std::vector<Trend> Dying() {
  return {Trend::kChurn, Trend::kFlat, Trend::kBounded, Trend::kPeriodic};
}
std::vector<Trend> Filled() {
  return {Trend::kPlateau, Trend::kDecelerating, Trend::kFlat, Trend::kStartup};
}

// A byte rate that limits both the samples and the live blocks.
double BytesFor(SiteMaker& m, double mean_life) {
  const double lives = std::max(1.0, m.end() / mean_life);
  return m.DrawBytes(std::min(kBusy, kLiving * lives));
}

void Churn(SiteMaker& m, const char* kind, double shortest, double longest,
           bool may_be_hard = false) {
  Unit& unit = m.AddUnit(kind);
  unit.trends = Dying();
  const double life = m.random().LogUniform(shortest, longest);
  unit.hard = may_be_hard && life > m.end() / 2;
  m.Pour(m.AddSite(), BytesFor(m, life), m.DrawSize(), m.AsItComes(), m.After(life));
}

void Session(SiteMaker& m) {
  Unit& unit = m.AddUnit("session");
  unit.trends = Dying();
  const double median = m.random().LogUniform(kMinute / 4, m.end() / 32);
  const double sigma = m.random().Uniform(.5, 1.3);
  unit.hard = median * std::exp(1.3 * sigma) > m.end() / 2;
  m.Pour(m.AddSite(), BytesFor(m, median * std::exp(sigma * sigma / 2)), m.DrawSize(),
         m.AsItComes(),
         [&m, median, sigma](double birth) { return birth + m.random().LogNormal(median, sigma); });
}

// Each key is first seen after an exponential time, so births decay as e^(-t / fill).
void KeySetCache(SiteMaker& m) {
  Unit& unit = m.AddUnit("key-set cache");
  unit.trends = Filled();
  const double fill = m.random().LogUniform(2 * kMinute, m.end());
  unit.hard = fill > m.end() / 2;
  // It is full before anybody looks.
  if (fill < m.end() / 16) unit.trends.push_back(Trend::kStep);
  const double bytes = m.random().LogUniform(20, 1000) * m.interval();
  m.Pour(
      m.AddSite(), bytes, m.DrawSize(), [fill](double u) { return -fill * std::log1p(-u); },
      SiteMaker::Never);
}

void FifoCache(SiteMaker& m) {
  Unit& unit = m.AddUnit("fifo cache");
  unit.trends = {Trend::kBounded, Trend::kChurn, Trend::kFlat};
  const double fill = m.random().LogUniform(5 * kMinute, 1.5 * m.end());
  unit.hard = fill > .9 * m.end();
  m.Pour(m.AddSite(), BytesFor(m, fill), m.DrawSize(), m.Between(0, m.end()),
         [fill](double b) { return b + fill; });
}

// Holds a fixed amount and evicts the oldest block, or any. Births follow the load of the day.
void CapacityCache(SiteMaker& m) {
  Unit& unit = m.AddUnit("capacity cache");
  unit.trends = {Trend::kBounded, Trend::kChurn, Trend::kFlat};
  const Load& load = m.program().load;
  const double all = load.Until(m.end());
  const double capacity = all * m.random().LogUniform(.02, 1.2);  // in units of work
  unit.hard = capacity > .9 * all;
  const double bytes = BytesFor(m, load.TimeOf(capacity));
  const bool oldest = m.random().Chance(.5);
  m.Pour(m.AddSite(), bytes, m.DrawSize(), m.WithLoad(), [&m, load, capacity, oldest](double born) {
    const double work = load.Until(born);
    if (oldest) return load.TimeOf(work + capacity);
    // No block is evicted before the cache is full.
    return load.TimeOf(std::max(work, capacity) + m.random().Exponential(capacity));
  });
}

void Diurnal(SiteMaker& m) {
  Unit& unit = m.AddUnit("diurnal churn");
  unit.trends = Dying();
  const double life = m.random().LogUniform(kSecond, m.end() / 24);
  m.Pour(m.AddSite(), BytesFor(m, life), m.DrawSize(), m.WithLoad(), m.After(life));
}

void Batch(SiteMaker& m) {
  Unit& unit = m.AddUnit("batch");
  unit.trends = {Trend::kChurn, Trend::kBounded, Trend::kPeriodic, Trend::kFlat, Trend::kStep};
  const double period = m.random().LogUniform(std::min(5 * kMinute, m.end() / 24), m.end() / 6);
  const double phase = m.random().Uniform(0, period);
  m.Pour(m.AddSite(), BytesFor(m, period), m.DrawSize(), m.Between(0, m.end()),
         [period, phase](double birth) {
           return (std::floor((birth + phase) / period) + 1) * period - phase;
         });
}

void Startup(SiteMaker& m) {
  Unit& unit = m.AddUnit("start-up");
  unit.trends = {Trend::kStartup, Trend::kFlat};
  const double until = m.random().LogUniform(kSecond, std::min(3 * kMinute, .05 * m.end()));
  m.Pour(m.AddSite(), m.random().LogUniform(.3, 200) * m.interval(), m.DrawSize(),
         m.Between(0, until), SiteMaker::Never);
}

void Steps(SiteMaker& m) {
  Unit& unit = m.AddUnit("steps");
  unit.trends = {Trend::kStep, Trend::kStartup, Trend::kPlateau, Trend::kFlat};
  const uint32_t site = m.AddSite();
  const double size = m.DrawSize();
  for (uint64_t left = 1 + m.random().Below(3); left > 0; --left) {
    const double at = m.random().Uniform(0, m.end());
    m.Pour(site, m.random().LogUniform(1, 150) * m.interval(), size,
           m.Between(at, at + m.random().LogUniform(kSecond, 30 * kSecond)), SiteMaker::Never);
  }
}

// New words of a text (Heaps): births decay as 1 / t.
void LogGrowth(SiteMaker& m) {
  Unit& unit = m.AddUnit("log growth");
  unit.trends = {Trend::kDecelerating, Trend::kPlateau};
  const double first = m.end() * m.random().LogUniform(1e-3, .02);
  const double all = std::log1p(m.end() / first);
  m.Pour(
      m.AddSite(), m.random().LogUniform(20, 600) * m.interval(), m.DrawSize(),
      [first, all](double u) { return first * std::expm1(u * all); }, SiteMaker::Never);
}

// A vector that grows while the program finds its working size, and not afterwards.
void BoundedContainer(SiteMaker& m) {
  Unit& unit = m.AddUnit("bounded container");
  unit.trends = {Trend::kStartup, Trend::kStep, Trend::kFlat, Trend::kPlateau,
                 Trend::kInsufficient};
  const double until = m.random().LogUniform(kSecond, .4 * m.end());
  const double bytes = m.random().LogUniform(1, 100) * m.interval();
  m.Grow(m.AddSite(), bytes / 1024, 2, until, m.random().Chance(.5),
         [until, bytes](double used) { return until * used / bytes; });
}

template <typename Add>
void Repeat(double count, const Add& add) {
  for (int i = 0; i < static_cast<int>(count); ++i) add();
}

}  // namespace

void AddHealthy(SiteMaker& m, double scale) {
  Repeat(900 * scale, [&] { Churn(m, "short churn", kSecond / 100, 30 * kSecond); });
  Repeat(200 * scale, [&] { Churn(m, "medium", 30 * kSecond, m.end() / 24); });
  Repeat(80 * scale, [&] { Session(m); });
  Repeat(40 * scale, [&] { Churn(m, "long exponential", m.end() / 12, m.end(), true); });
  Repeat(100 * scale, [&] { KeySetCache(m); });
  Repeat(20 * scale, [&] { FifoCache(m); });
  Repeat(20 * scale, [&] { CapacityCache(m); });
  Repeat(30 * scale, [&] { Diurnal(m); });
  Repeat(60 * scale, [&] { Batch(m); });
  Repeat(300 * scale, [&] { Startup(m); });
  Repeat(60 * scale, [&] { Steps(m); });
  Repeat(60 * scale, [&] { LogGrowth(m); });
  Repeat(40 * scale, [&] { BoundedContainer(m); });
}

}  // namespace leaktrack::verdicts
