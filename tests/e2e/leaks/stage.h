// SPDX-License-Identifier: Apache-2.0
//
// The common part of the leaky programs in this folder: a clock, wrappers around malloc, and decoys
// that grow beside each leak.
//
// Why: a verdict is worth something only if there are innocent sites beside the culprit, behind the
// same wrappers. Each program adds one leak and states its truth in EXPECT lines. The line "accused
// only FUNCTION" says that no decoy is accused.
// Promises: all shapes are fractions of the run, so 15 seconds and 12 minutes (--seconds N) show
// the same picture. All decoys can be told from a leak: they fill up in the first fifth, or come
// and go several times.
// Limits: one thread, and some 2,000 allocations a second, so that many programs can run side by
// side.
#ifndef LEAKTRACK_TESTS_E2E_LEAKS_STAGE_H_
#define LEAKTRACK_TESTS_E2E_LEAKS_STAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "../programs/program.h"

namespace stage {

// Fixed seed: each run draws the same sizes.
uint64_t Random();
inline size_t Size(size_t low, size_t high) { return low + Random() % (high - low); }

// The wrappers that leaks and decoys share: a malloc that never fails, as many programs have one,
// in two layers.
void* xmalloc(size_t size);
char* xstrdup(const char* text);

// The position in the run, from 0 to 1.
struct Moment {
  double now;    // fraction of the run that has passed
  double share;  // fraction of the run that this tick stands for, times four in a run of a minute
                 // or more
};

// Turns "so many over the whole run, with this density" into whole blocks per tick.
class Drip {
 public:
  // `blocks` may be a fraction. The remainder is carried over.
  int Take(double blocks) {
    owed_ += blocks;
    const int whole = static_cast<int>(owed_);
    owed_ -= whole;
    return whole;
  }

 private:
  double owed_ = 0;
};

// Runs `leak` and all decoys every 20 ms for `--seconds N` (default 15). Leaks are given as blocks
// per run, so that long runs cost no more than short ones.
int Play(int argc, char** argv, const std::function<void(const Moment&)>& leak);

}  // namespace stage

#endif  // LEAKTRACK_TESTS_E2E_LEAKS_STAGE_H_
