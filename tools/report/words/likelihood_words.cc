// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/likelihood_words.h"

#include "absl/strings/str_format.h"

namespace leaktrack {

// Never 100: one can only ever be surer than.
std::string LikelihoodText(double confidence) {
  if (confidence <= 0) return "";
  if (confidence >= .999) return "growth that does not slow down: 99.9 %";
  return absl::StrFormat("growth that does not slow down: %.3g %%", confidence * 100);
}

}  // namespace leaktrack
