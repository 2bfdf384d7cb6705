// SPDX-License-Identifier: Apache-2.0
//
// The wrappers of one program: those that its people named, and those that its own stacks give
// away.
//
// A function that allocates on behalf of at least 50 different callers and makes over 5 % of all
// samples is the program's own malloc, whatever it is called; unless most of them keep what it
// makes: then it is what they lose by. Of a function without a name, which tells a reader nothing,
// eight callers do. Learning goes on from the next frame outwards, so that two layers are found
// too. Limits: a small program has no 50 callers; there the table (known_code.h) and --wrapper
// must do.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPER_RULES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPER_RULES_H_

#include <set>
#include <string>
#include <vector>

#include "tools/analysis/blame/own_code.h"
#include "tools/symbolize/call_stack.h"

namespace leaktrack {

class WrapperRules {
 public:
  struct Seen {
    const CallStack* stack = nullptr;  // leaf first
    double samples = 0;
    bool keeps = false;  // blocks made here after the start have grown old
  };

  WrapperRules() = default;
  explicit WrapperRules(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  void Learn(const std::vector<Seen>& stacks, const OwnCode& own = {});

  // Named or learned; the built-in table is not asked.
  bool Match(const ResolvedFrame& frame) const;

  const std::set<std::string>& learned() const { return learned_; }

 private:
  bool LearnOneLayer(const std::vector<Seen>& stacks, const OwnCode& own, double all_samples);

  std::vector<std::string> patterns_;
  std::set<std::string> learned_;  // FunctionKey
};

// What tells one function from another: module and name, or module and address; the module by its
// build-id, wherever the file lies. The address of a call site stands for its function where there
// is no name.
std::string FunctionKey(const ResolvedFrame& frame);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPER_RULES_H_
