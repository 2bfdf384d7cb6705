// SPDX-License-Identifier: Apache-2.0
//
// Adds sites, truths and sampled blocks to a program.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_SITE_MAKER_H_
#define LEAKTRACK_BENCH_VERDICTS_SITE_MAKER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/verdicts/program.h"
#include "bench/verdicts/random.h"

namespace leaktrack::verdicts {

// Maps a uniform number in [0, 1) to a birth in ms, or a birth to a death.
using TimeMap = std::function<double(double)>;

class SiteMaker {
 public:
  SiteMaker(Program* program, Random* random) : program_(*program), random_(*random) {}

  Random& random() { return random_; }
  Program& program() { return program_; }
  double end() const { return program_.end_ms; }
  double interval() const { return static_cast<double>(program_.interval); }

  Unit& AddUnit(const std::string& kind);
  // A site of the last unit, with the unit's culprit in a stack of its own.
  uint32_t AddSite();
  uint32_t AddSite(std::vector<std::string> functions);

  double DrawSize() { return random_.LogUniform(32, 32 * 1024); }
  // The byte rate of a busy site, limited to `most` samples in the run.
  double DrawBytes(double most);

  // Allocates `bytes` in total at `site`, in blocks of about `size` bytes. `birth` maps uniform
  // numbers to births, and `death` maps births to deaths.
  void Pour(uint32_t site, double bytes, double size, const TimeMap& birth, const TimeMap& death);

  TimeMap Between(double from, double to) {
    return [from, to](double u) { return from + u * (to - from); };
  }
  // Follows the load of the program.
  TimeMap WithLoad() {
    return [load = program_.load, all = program_.load.Until(end())](double u) {
      return load.TimeOf(u * all);
    };
  }
  // Some sites follow the load, others have their own rhythm.
  TimeMap AsItComes() { return random_.Chance(.5) ? WithLoad() : Between(0, end()); }
  TimeMap After(double mean) {
    return [this, mean](double birth) { return birth + random_.Exponential(mean); };
  }
  static double Never(double) { return kForever; }

  // A vector that grows by `factor` whenever `used` (bytes by time) outgrows it, until `until`.
  // Without `by_realloc` it makes a new block, copies, and deletes, as std::vector does.
  void Grow(uint32_t site, double first_bytes, double factor, double until, bool by_realloc,
            const std::function<double(double)>& when);

 private:
  std::vector<std::string> Callers();

  Program& program_;
  Random& random_;
};

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_SITE_MAKER_H_
