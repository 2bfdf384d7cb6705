// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/fit.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "absl/strings/str_format.h"
#include "tools/analysis/detect/leak_probability.h"

namespace leaktrack::verdicts {
namespace {

constexpr double kPenalty = .5;
constexpr int kSteps = 60;
constexpr double kGoodEnough = 1e-8;

using Vector = std::vector<double>;

struct Row {
  Vector terms;
  double leak;
};

// Solves `matrix` x = `right`, a symmetric positive system, by elimination.
Vector Solve(std::vector<Vector> matrix, Vector right) {
  const size_t n = right.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t row = i + 1; row < n; ++row) {
      const double factor = matrix[row][i] / matrix[i][i];
      for (size_t column = i; column < n; ++column)
        matrix[row][column] -= factor * matrix[i][column];
      right[row] -= factor * right[i];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t column = i + 1; column < n; ++column) right[i] -= matrix[i][column] * right[column];
    right[i] /= matrix[i][i];
  }
  return right;
}

double Probability(const Vector& coefficients, const Vector& terms) {
  double log_odds = 0;
  for (size_t i = 0; i < terms.size(); ++i) log_odds += coefficients[i] * terms[i];
  return 1 / (1 + std::exp(-log_odds));
}

Vector NewtonStep(const std::vector<Row>& rows, const Vector& at, double penalty) {
  const size_t n = at.size();
  std::vector<Vector> curvature(n, Vector(n));
  Vector slope(n);
  for (const Row& row : rows) {
    const double p = Probability(at, row.terms);
    for (size_t i = 0; i < n; ++i) {
      slope[i] += (row.leak - p) * row.terms[i];
      for (size_t j = 0; j <= i; ++j) curvature[i][j] += p * (1 - p) * row.terms[i] * row.terms[j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    slope[i] -= (i == 0 ? 0 : penalty) * at[i];
    curvature[i][i] += i == 0 ? kGoodEnough : penalty;
    for (size_t j = 0; j < i; ++j) curvature[j][i] = curvature[i][j];
  }
  return Solve(std::move(curvature), std::move(slope));
}

Vector Fit(const std::vector<Row>& rows, size_t terms, double penalty) {
  Vector at(terms);
  for (int step = 0; step < kSteps && !rows.empty(); ++step) {
    const Vector by = NewtonStep(rows, at, penalty);
    double most = 0;
    for (const double move : by) most = std::max(most, std::abs(move));
    const double share = std::min(1.0, 2 / most);  // no further than the curvature holds
    for (size_t i = 0; i < terms; ++i) at[i] += share * by[i];
    if (most < kGoodEnough) break;
  }
  return at;
}

Vector TermsOfEntry(const CalibrationEntry& entry) {
  Vector values;
  for (const LeakTerm& term : TermsOf(WayOf(entry.signs))) values.push_back(term.of(entry.signs));
  return values;
}

void FitWays(const std::vector<CalibrationEntry>& entries, LeakModel& model) {
  for (size_t way = 0; way < kWaysToGrow; ++way) {
    std::vector<Row> rows;
    for (const CalibrationEntry& entry : entries) {
      if (static_cast<size_t>(WayOf(entry.signs)) == way)
        rows.push_back({TermsOfEntry(entry), entry.leak ? 1.0 : 0.0});
    }
    const Vector fitted = Fit(rows, TermsOf(static_cast<Growing>(way)).size(), kPenalty);
    std::copy(fitted.begin(), fitted.end(), model.coefficients[way].begin());
  }
}

void FitLine(const std::vector<CalibrationEntry>& entries, LeakModel& model) {
  std::vector<Row> rows;
  for (const CalibrationEntry& entry : entries) {
    const Vector terms = TermsOfEntry(entry);
    const auto& coefficients = model.coefficients[static_cast<size_t>(WayOf(entry.signs))];
    double sum = 0;
    for (size_t i = 0; i < terms.size(); ++i) sum += coefficients[i] * terms[i];
    const auto line = LineTerms(sum);
    rows.push_back({Vector(line.begin(), line.end()), entry.leak ? 1.0 : 0.0});
  }
  const Vector fitted = Fit(rows, kLineTerms, kGoodEnough);
  std::copy(fitted.begin(), fitted.end(), model.line.begin());
}

}  // namespace

LeakModel FittedModel(const std::vector<CalibrationEntry>& entries) {
  LeakModel model;
  model.odds = kOddsOfPopulation;
  FitWays(entries, model);
  FitLine(entries, model);
  return model;
}

std::string TextOf(const LeakModel& model) {
  std::string text =
      "// Made by: verdict_simulator --only calibration --fit FILE (bench/verdicts/README.md).\n"
      "// The odds of a leak in the population; a coefficient for each term of each way to grow; "
      "the\n// broken line.\n1.0 / 15,\n{{\n";
  for (size_t way = 0; way < kWaysToGrow; ++way) {
    text += "    {\n";
    const auto terms = TermsOf(static_cast<Growing>(way));
    for (size_t i = 0; i < terms.size(); ++i)
      absl::StrAppendFormat(&text, "        %.5f,  // %s\n", model.coefficients[way][i],
                            terms[i].name);
    text += "    },\n";
  }
  text += "}},\n{";
  for (const double slope : model.line) absl::StrAppendFormat(&text, "%.5f, ", slope);
  return text + "}\n";
}

}  // namespace leaktrack::verdicts
