// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/numeric.h"

#include <bit>

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {
namespace {

// The low 32 bits are zero, so products with small integers are exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
// 1/k. With it a series needs multiplications only (25 instead of 55 ns per weight).
constexpr double kInverse[] = {0,        1.0,      1.0 / 2,  1.0 / 3,  1.0 / 4,  1.0 / 5,
                               1.0 / 6,  1.0 / 7,  1.0 / 8,  1.0 / 9,  1.0 / 10, 1.0 / 11,
                               1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15, 1.0 / 16, 1.0 / 17,
                               1.0 / 18, 1.0 / 19, 1.0 / 20, 1.0 / 21};
constexpr double kSqrt2 = 1.41421356237309504880;

// exp(r) for |r| <= ln(2) / 2, by its series. The first term that is left out is below 1e-18.
double ExpReduced(double r) {
  double sum = 1.0;
  for (int k = 14; k >= 1; --k) sum = 1.0 + sum * (r * kInverse[k]);
  return sum;
}

// exp(-x) for 0 <= x < 700.
double ExpOfMinus(double x) {
  const int n = static_cast<int>(x * 1.44269504088896340736 + 0.5);
  const double r = (x - n * kLn2High) - n * kLn2Low;
  return ExpReduced(-r) * std::bit_cast<double>(static_cast<uint64_t>(1023 - n) << 52);
}

}  // namespace

double Ln(double x) {
  LEAKTRACK_DCHECK(x >= 0x1p-1022 && x <= 0x1.fffffffffffffp1023);
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000f'ffff'ffff'ffffULL) |
                                   0x3ff0'0000'0000'0000ULL);  // [1, 2)
  if (m > kSqrt2) {
    m *= 0.5;
    ++exponent;
  }
  // ln m = 2 artanh(s) with |s| <= 0.172. Ten terms leave an error of 1e-17.
  const double s = (m - 1.0) / (m + 1.0);
  const double s2 = s * s;
  double sum = 1.0 / 23;
  for (int k = 21; k >= 1; k -= 2) sum = kInverse[k] + sum * s2;
  return exponent * kLn2High + (2.0 * s * sum + exponent * kLn2Low);
}

double OneMinusExp(double x) {
  LEAKTRACK_DCHECK(x >= 0);
  if (x >= 40.0) return 1.0;  // 1 - 4e-18 rounds to 1
  if (x >= 0.35) return 1.0 - ExpOfMinus(x);
  // x - x^2/2 + x^3/6 - ... , nested.
  double sum = 1.0;
  for (int k = 14; k >= 2; --k) sum = 1.0 - sum * (x * kInverse[k]);
  return x * sum;
}

double SampleProbability(uint64_t size, uint64_t interval) {
  if (interval <= 1) return 1.0;
  return OneMinusExp(static_cast<double>(size) / static_cast<double>(interval));
}

Weight WeightOf(uint64_t size, uint64_t interval) {
  const double s = static_cast<double>(size);
  if (interval <= 1) return {1.0, s, s * s, 0.0};
  const double p = SampleProbability(size, interval);
  if (p <= 0.0) return {};  // a block of 0 bytes cannot have been sampled
  const double bytes = s / p;
  return {1.0 / p, bytes, bytes * bytes, bytes * bytes * (1.0 - p)};
}

}  // namespace leaktrack::track
