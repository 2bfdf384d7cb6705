// SPDX-License-Identifier: Apache-2.0
//
// Fits the coefficients of the probability of a leak.
//
// What: logistic regression by Newton's method over the terms of leak_probability.h, with a small
// penalty on each coefficient but the first, so that a term that hardly ever differs stays near 0.
// The line that mends the sums is fitted after them, on the same entries. The answer is the text of
// leak_probability_model.inc.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_FIT_H_
#define LEAKTRACK_BENCH_VERDICTS_FIT_H_

#include <string>
#include <vector>

#include "bench/verdicts/calibration.h"
#include "tools/analysis/detect/leak_probability.h"

namespace leaktrack::verdicts {

LeakModel FittedModel(const std::vector<CalibrationEntry>& entries);
std::string TextOf(const LeakModel& model);

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_FIT_H_
