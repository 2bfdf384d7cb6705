// SPDX-License-Identifier: Apache-2.0
//
// How sure a verdict is, in the words of all formats: this is the only place that has them.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_LIKELIHOOD_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_LIKELIHOOD_WORDS_H_

#include <string>

namespace leaktrack {

// "confidence that it grows, and does not slow down: 99.9 %": says what the percentage is of.
// `confidence`: 0 to 1; empty for 0, which stands for "not tested".
std::string LikelihoodText(double confidence);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_LIKELIHOOD_WORDS_H_
