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
// Why limits beside a baseline: a baseline records what is, a limit what is agreed. A site with
// its own limit is judged by that alone. Within it, the site passes although no baseline knows it.
// Above it, the site fails although a baseline knows it.
// Promises: an unknown key is refused with its line, never ignored.
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
  std::string unit;  // "run" or "iteration"; empty: the unit of the runs
  std::optional<double> total_bytes, site_bytes;  // per unit of work
  std::optional<double> min_bytes;
  std::vector<SiteLimit> sites;  // the first match counts
};

// `name` precedes messages about a line.
absl::StatusOr<GateLimits> ParseLimits(const std::string& text, const std::string& name);

// The own limit of this stack's site, or null.
const SiteLimit* LimitOf(const GateLimits& limits, const CallStack& stack);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_LIMITS_H_
