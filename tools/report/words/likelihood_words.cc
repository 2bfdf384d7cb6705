// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/likelihood_words.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace leaktrack {

std::string LikelihoodText(double confidence) {
  constexpr double kMost = .999;  // never 100 %: no test is
  if (confidence <= 0) return "";
  return absl::StrFormat("confidence that it grows, and does not slow down: %.3g %%",
                         100 * std::min(confidence, kMost));
}

}  // namespace leaktrack
