// SPDX-License-Identifier: Apache-2.0
//
// What the probability of a leak is made of: the measurements of one site at one look.
//
// What: plain data, taken from the tests by detect/leak_probability.h. Why apart: the results carry
// it, so that whoever fits the model (bench/verdicts) sees exactly what the analyzer saw.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_LEAK_SIGNS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_LEAK_SIGNS_H_

namespace leaktrack {

struct LeakSigns {
  double age_seconds = 0;        // of the process, or what its counted work is worth
  double blocks = 0;             // survivors born after the warm-up, as independent blocks
  double dispersion = 1;         // of their births
  double gamma = 0;              // log of the change of the birth rate
  double gamma_error = 1;        // standard error of it
  double never_dies_p = 1;       // first half of a leak, corrected for bursts
  double births_p = 1;           // second half, plain
  double strict_p = 1;           // second half, strict
  double survivors_share = 1;    // of the blocks that were born in the same time
  double old_deaths_share = 0;   // of the blocks that reached an old age
  double growing_functions = 0;  // of the program, at this look
  double growing_share = 0;      // of the sites that were tested
  double container_steps = 0;    // above 0: one block that grows
  int equal_steps = 0;           // above 0: bursts of one size (steps.h)
  double backlog_p = 1;          // below 1: blocks that die ever later
  bool sound = false;            // births are spread over the run
  bool bounded = false;          // old blocks die at one age
  bool halves_hold = false;      // it grows in each half of the run
  bool by_work = false;          // and more evenly by work than by the wall's clock
  bool joined = false;           // a sum of several stacks, or a part of the sizes of one
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_LEAK_SIGNS_H_
