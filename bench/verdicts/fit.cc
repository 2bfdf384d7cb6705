// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/fit.h"

#include <array>
#include <cmath>

#include "absl/strings/str_format.h"
#include "tools/analysis/detect/leak_probability.h"

namespace leaktrack::verdicts {
namespace {

constexpr double kPenalty = 1;
constexpr int kSteps = 40;
constexpr double kGoodEnough = 1e-9;

using Vector = std::array<double, kLeakTerms>;
using Matrix = std::array<Vector, kLeakTerms>;

struct Row {
  Vector terms;
  double leak;
};

// Solves `matrix` x = `right`, a symmetric positive system, by elimination.
Vector Solve(Matrix matrix, Vector right) {
  for (size_t i = 0; i < kLeakTerms; ++i) {
    for (size_t row = i + 1; row < kLeakTerms; ++row) {
      const double factor = matrix[row][i] / matrix[i][i];
      for (size_t column = i; column < kLeakTerms; ++column)
        matrix[row][column] -= factor * matrix[i][column];
      right[row] -= factor * right[i];
    }
  }
  for (size_t i = kLeakTerms; i-- > 0;) {
    for (size_t column = i + 1; column < kLeakTerms; ++column)
      right[i] -= matrix[i][column] * right[column];
    right[i] /= matrix[i][i];
  }
  return right;
}

Vector NewtonStep(const std::vector<Row>& rows, const Vector& at) {
  Matrix curvature{};
  Vector slope{};
  for (const Row& row : rows) {
    double log_odds = 0;
    for (size_t i = 0; i < kLeakTerms; ++i) log_odds += at[i] * row.terms[i];
    const double p = 1 / (1 + std::exp(-log_odds));
    for (size_t i = 0; i < kLeakTerms; ++i) {
      slope[i] += (row.leak - p) * row.terms[i];
      for (size_t j = 0; j <= i; ++j) curvature[i][j] += p * (1 - p) * row.terms[i] * row.terms[j];
    }
  }
  for (size_t i = 0; i < kLeakTerms; ++i) {
    const double penalty = i == 0 ? 1e-9 : kPenalty;
    slope[i] -= penalty * at[i];
    curvature[i][i] += penalty;
    for (size_t j = 0; j < i; ++j) curvature[j][i] = curvature[i][j];
  }
  return Solve(curvature, slope);
}

Vector Fit(const std::vector<Row>& rows) {
  Vector at{};
  for (int step = 0; step < kSteps; ++step) {
    const Vector by = NewtonStep(rows, at);
    double most = 0;
    for (size_t i = 0; i < kLeakTerms; ++i) most = std::max(most, std::abs(by[i]));
    const double share = std::min(1.0, 2 / most);  // no further than the curvature holds
    for (size_t i = 0; i < kLeakTerms; ++i) at[i] += share * by[i];
    if (most < kGoodEnough) break;
  }
  return at;
}

}  // namespace

std::string FittedModelText(const std::vector<CalibrationEntry>& entries) {
  std::vector<Row> rows;
  for (const CalibrationEntry& entry : entries) {
    Row row{{}, entry.leak ? 1.0 : 0.0};
    for (size_t i = 0; i < kLeakTerms; ++i) row.terms[i] = kLeakTermTable[i].of(entry.signs);
    rows.push_back(row);
  }
  const Vector coefficients = Fit(rows);
  std::string text =
      "// Made by: verdict_simulator --only calibration --fit FILE (bench/verdicts/README.md).\n"
      "// The odds of a leak in the population, then a coefficient for each term.\n";
  absl::StrAppendFormat(&text, "kOddsWatched,\n{{\n");
  for (size_t i = 0; i < kLeakTerms; ++i)
    absl::StrAppendFormat(&text, "    %.5f,  // %s\n", coefficients[i], kLeakTermTable[i].name);
  return text + "}}\n";
}

}  // namespace leaktrack::verdicts
