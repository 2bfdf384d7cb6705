// SPDX-License-Identifier: Apache-2.0
//
// The two mathematical functions that the recorder needs, and the sample weights.
//
// Why our own: log and exp live in libm, which the library does not link. Both have a relative
// error of at most 1e-14.
//
// An allocation of s bytes under a mean interval T is sampled with probability p = 1 - exp(-s/T). A
// sample stands for 1/p blocks and s/p bytes. Its contribution to the variance is estimated by s^2
// (1-p)/p^2. Interval 1 means exact: p = 1.
//
// Thread-safety: pure functions.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_RECORD_NUMERIC_H_
#define LEAKTRACK_LIBTRACK_RECORD_NUMERIC_H_

#include <cstdint>

namespace leaktrack::track {

// Natural logarithm of a positive, normal number.
double Ln(double x);

// 1 - exp(-x) for x >= 0, without cancellation for small x.
double OneMinusExp(double x);

struct Weight {
  double objects = 0;
  double bytes = 0;
  double bytes_squared = 0;
  double variance = 0;
};

double SampleProbability(uint64_t size, uint64_t interval);

// The same arguments give the same bits wherever the function is called. So births and deaths
// cancel to the last rounding.
Weight WeightOf(uint64_t size, uint64_t interval);

inline Weight Minus(const Weight& a, const Weight& b) {
  return {a.objects - b.objects, a.bytes - b.bytes, a.bytes_squared - b.bytes_squared,
          a.variance - b.variance};
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_NUMERIC_H_
