// SPDX-License-Identifier: Apache-2.0
//
// The memory limit: which it is, how much of it is used, and when it is reached.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_LIMIT_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_LIMIT_WORDS_H_

#include <string>

#include "tools/report/input/report_input.h"

namespace leaktrack {

// "8 GiB of the cgroup, 74 % used: WARNING"; the status where it is not OK and the process lives.
// Empty: no limit is known.
std::string LimitText(const ReportInput& input);

// "at 17:05 UTC, in 11h (80 % range: 16:20 to 18:10)". Empty where no growth is forecast, and of a
// process that has ended.
std::string ForecastText(const ReportInput& input);

// "OOM IMMINENT"
const char* StatusText(Status status);

// Beyond this a forecast is no news.
inline constexpr double kFarAwaySeconds = 5 * 365.0 * 86400;

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_LIMIT_WORDS_H_
