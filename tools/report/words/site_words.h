// SPDX-License-Identifier: Apache-2.0
//
// The sentences that go with a verdict: why, and what would decide.
//
// Promises: one sentence each, in words that an operator knows. Nothing in them that was not
// tested.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_SITE_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_SITE_WORDS_H_

#include <string>

#include "tools/analysis/model/result.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {

// Why, with the rate where the site grows.
std::string EvidenceText(const SiteResult& site, const RunTimes& run);

// Why, for pages that have said how fast it grows.
std::string ReasonText(const SiteResult& site, const RunTimes& run);

// Empty where it is decided.
std::string SettleText(const SiteResult& site);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_SITE_WORDS_H_
