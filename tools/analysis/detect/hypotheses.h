// SPDX-License-Identifier: Apache-2.0
//
// Everything that is put to the tests in one look, and the false discovery rate over it.
//
// Order: single sites; then, of sites that are not accused and hold blocks of mixed sizes, one size
// class at a time; then sums of unaccused sites that share their inner frames, from the finest to
// the coarsest. What has several tries gets a stricter bound. An accused site needs no help, and
// must not drag its innocent neighbours along; but where three or more that share their inner
// frames are accused and none of them has half of the growth, it is one leak by many paths, and one
// row says so.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_HYPOTHESES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_HYPOTHESES_H_

#include <vector>

#include "tools/analysis/blame/candidates.h"
#include "tools/analysis/detect/judge.h"

namespace leaktrack {

struct Hypothesis {
  Candidate candidate;
  Judgement judgement;
  double q = 1;
  Verdict verdict = Verdict::kNone;
  State state = State::kNew;
  bool tidied_up = false;  // lost most of its blocks when the program ended
  bool Accused() const { return verdict >= Verdict::kSuspect; }
};

// What several tries at the same blocks must reach.
inline constexpr double kManyTriesMaxP = 0.001;

std::vector<Hypothesis> JudgeAll(std::vector<Candidate> candidates, const Look& look);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_HYPOTHESES_H_
