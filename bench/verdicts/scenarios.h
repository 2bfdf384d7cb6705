// SPDX-License-Identifier: Apache-2.0
//
// One scenario: programs with one window and interval, run, analyzed and scored.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_SCENARIOS_H_
#define LEAKTRACK_BENCH_VERDICTS_SCENARIOS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "bench/verdicts/calibration.h"
#include "bench/verdicts/score.h"

namespace leaktrack::verdicts {

struct Scenario {
  double hours = 6;
  uint64_t interval = 512 * 1024;
  bool heavy = false;  // with the heavier populations
  double scale = 1;    // of the healthy population
};

// The program that a seed gives in a scenario.
Program MakeProgram(const Scenario& scenario, uint64_t seed);

using Watch = std::function<void(const Program&, const Truth&, const Analysis&)>;

Score RunScenario(const Scenario& scenario, uint64_t seed, const Watch& watch = {});

// The T leaked when a leak is first suspected, with looks that are 10 % apart. Infinite: not before
// the end.
struct FirstSuspicion {
  std::vector<double> leaked;
  Share in_time;  // by 30 T, or by an age of three minutes if that is later, and a look's length
  double ever_accused = 0, sites = 0;     // healthy and decidable: suspect or leak at any look
  std::vector<CalibrationEntry> entries;  // of all looks, if asked for
};
FirstSuspicion RunLooks(double hours, uint64_t interval, uint64_t seed);

// Time to the limit of programs with a few steady leaks.
struct Forecasts {
  std::vector<double> errors;  // relative
  Share covered;               // truth inside the interval
  int without = 0;             // no forecast made
  void Add(const Forecasts& other);
};
Forecasts RunForecast(double hours, uint64_t interval, uint64_t seed);

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_SCENARIOS_H_
