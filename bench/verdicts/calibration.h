// SPDX-License-Identifier: Apache-2.0
//
// Is a leak at 70 % a leak seven times in ten?
//
// What: programs of several populations, looked at at random ages; of each entry of a report what
// the probability was made of, what it was, and the truth. Why not the scenarios of scenarios.h:
// those are judged at their end, and the share of leaks in them is none that a probability could
// state. Here a program is looked at young as often as old, and there is a leak for every
// fifteen healthy sites; in what is counted leaks weigh more, so that there are as many as the
// stated prior has.
// Limits: a site of a leak that has not begun is none yet. The sites of one program share its load
// and its age: intervals come from drawing programs, not sites.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_CALIBRATION_H_
#define LEAKTRACK_BENCH_VERDICTS_CALIBRATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/analysis/model/leak_signs.h"

namespace leaktrack::verdicts {

struct Population {
  const char* name;
  double watched_hours;   // looks lie between ten seconds and this
  double made_for_hours;  // what fills and lives there is made for a run of this length
  uint64_t interval;
  bool heavy;
  double fewest, most;  // T leaked in the time watched, log-uniform
  int programs;         // of a round of usual size
};

extern const std::vector<Population> kPopulations;

inline constexpr double kOddsOfPopulation = 1.0 / 15;

// An entry of a report at one of the looks.
struct CalibrationEntry {
  uint32_t program = 0;  // number of the program in its round
  uint32_t population = 0;
  uint32_t unit = 0;
  bool hard = false;
  double leaked = 0;  // T
  bool leak = false;
  bool chosen = false;  // this look is the one look that counts for this site
  double probability = 0;
  std::string kind;
  LeakSigns signs;
};

std::vector<CalibrationEntry> RunCalibration(uint32_t population, uint32_t program, uint64_t seed);

// Of the entries that count, by probability: how many leak.
struct Bin {
  double low = 0, high = 0;  // of the probability
  double entries = 0;
  double weight = 0, said = 0, leaks = 0;  // sums, weighted
  double off_low = 0, off_high = 0;        // leaks - said, as shares: 95 % by drawing programs
  double Off() const { return weight > 0 ? (leaks - said) / weight : 0; }
};

// Tenths; those of fewer than `fewest` entries are joined with the next.
std::vector<Bin> Reliability(const std::vector<CalibrationEntry>& entries, double fewest);

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_CALIBRATION_H_
