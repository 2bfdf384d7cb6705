// SPDX-License-Identifier: Apache-2.0
//
// Everything that is put to the tests in one look, and the false discovery rate over it.
//
// Order: single sites; then, of sites whose growth is not significant and that hold blocks of mixed
// sizes, one size class at a time; then sums of such sites that share their inner frames, from the
// finest to the coarsest. What has several tries gets a stricter bound. A site that grows
// significantly needs no help, and must not drag its innocent neighbours along; but where three or
// more that share their inner frames do and none of them has half of the growth, it is one growth
// by many paths, and one row says so. What comes of it is called by how probable a leak is
// (leak_probability.h).
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_HYPOTHESES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_HYPOTHESES_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "tools/analysis/blame/candidates.h"
#include "tools/analysis/detect/judge.h"
#include "tools/analysis/model/leak_signs.h"

namespace leaktrack {

struct Hypothesis {
  Candidate candidate;
  Judgement judgement;
  double q = 1;
  bool significant = false;  // it grows, and chance does not explain that
  LeakSigns signs;           // of what was tested
  double probability = 0;    // that it leaks
  Verdict verdict = Verdict::kNone;
  State state = State::kNew;
  bool tidied_up = false;  // lost most of its blocks when the program ended
  bool Accused() const { return verdict >= Verdict::kSuspect; }
};

// How much of the program grows at once.
struct Surroundings {
  double functions = 0;
  double share = 0;  // of the sites that were tested
};

// What several tries at the same blocks must reach.
inline constexpr double kManyTriesMaxP = 0.001;

// Tells every tested site what grows beside it; `significant` and `tested` are of one look.
Surroundings WhatGrows(const std::vector<Hypothesis>& hypotheses,
                       const std::function<bool(size_t)>& tested,
                       const std::function<bool(size_t)>& significant);

std::vector<Hypothesis> JudgeAll(std::vector<Candidate> candidates, const Look& look);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_HYPOTHESES_H_
