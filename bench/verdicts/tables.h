// SPDX-License-Identifier: Apache-2.0
//
// Scores as text for readers and as JSON for scripts.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_TABLES_H_
#define LEAKTRACK_BENCH_VERDICTS_TABLES_H_

#include <string>
#include <utility>
#include <vector>

#include "bench/verdicts/calibration.h"
#include "bench/verdicts/scenarios.h"

namespace leaktrack::verdicts {

struct Row {
  std::string name;
  Score score;
};
struct LookRow {
  std::string name;
  FirstSuspicion looks;
};
struct ForecastRow {
  std::string name;
  Forecasts forecasts;
};

struct Results {
  std::vector<Row> rows;
  std::vector<LookRow> looks;
  std::vector<ForecastRow> forecasts;
  std::vector<CalibrationEntry> calibration;
};

// The value below which a share of `share` lies. Infinite if there are none.
double Quantile(std::vector<double> values, double share);

std::string AsText(const Results& results);
std::string AsJson(const Results& results);
std::string AsCsv(const std::vector<CalibrationEntry>& entries);

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_TABLES_H_
