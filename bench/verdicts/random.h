// SPDX-License-Identifier: Apache-2.0
//
// The few random draws that a population is made of, from one seed.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_RANDOM_H_
#define LEAKTRACK_BENCH_VERDICTS_RANDOM_H_

#include <cmath>
#include <cstdint>
#include <random>

namespace leaktrack::verdicts {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  double Uniform(double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(engine_);
  }
  double LogUniform(double from, double to) {
    return std::exp(Uniform(std::log(from), std::log(to)));
  }
  double Exponential(double mean) {
    return std::exponential_distribution<double>(1 / mean)(engine_);
  }
  double LogNormal(double median, double sigma) {
    return median * std::exp(sigma * std::normal_distribution<double>()(engine_));
  }
  uint64_t Poisson(double mean) {
    return mean > 0 ? std::poisson_distribution<uint64_t>(mean)(engine_) : 0;
  }
  bool Chance(double probability) { return Uniform(0, 1) < probability; }
  uint64_t Below(uint64_t end) {
    return std::uniform_int_distribution<uint64_t>(0, end - 1)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_RANDOM_H_
