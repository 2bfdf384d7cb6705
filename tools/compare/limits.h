// SPDX-License-Identifier: Apache-2.0
//
// How much a program may leak: numbers to commit beside its source, as options or as a TOML file.
//
//   per = "iteration"          # or "run"; optional: what the sizes below are counted per, checked
//                              against the runs
//   max-total = "1MiB"         # all leaks together
//   max-site = "64KiB"         # any one site
//   min-bytes = "1KiB"         # smaller leaks do not matter
//   [[site]]
//   match = "Registry::Add*"   # as in a suppression: found in a function, file or module of the
//                              stack
//   max = "2MiB"
//
// Why limits beside a baseline: a baseline says what is, a limit what is agreed. A site with a
// limit of its own is judged by that alone: within it passes although no baseline knows it, above
// it fails although one does.
// Promises: a key that is not understood is refused with its line, never ignored.
#ifndef LEAKTRACK_TOOLS_COMPARE_LIMITS_H_
#define LEAKTRACK_TOOLS_COMPARE_LIMITS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/symbolize/call_stack.h"

namespace leaktrack {

struct SiteLimit {
  std::string pattern;
  double bytes = 0;   // per unit of work
  std::string where;  // file:line
};

struct GateLimits {
  std::string unit;  // "run" or "iteration"; empty: whichever the runs are counted in
  std::optional<double> total_bytes, site_bytes;  // per unit of work
  std::optional<double> min_bytes;
  std::vector<SiteLimit> sites;  // the first that matches counts
};

// `name` stands before what is said of a line.
absl::StatusOr<GateLimits> ParseLimits(const std::string& text, const std::string& name);

// The limit of this stack's own, or null.
const SiteLimit* LimitOf(const GateLimits& limits, const CallStack& stack);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_LIMITS_H_
