// SPDX-License-Identifier: Apache-2.0
//
// What the formats that other tools read call a frame and a run. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_STACK_NAMES_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_STACK_NAMES_H_

#include <cmath>
#include <cstdint>
#include <string>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// "Cache::Put", or "libfoo.so+0x1234" where the function is not known. Safe to print.
std::string FrameName(const ResolvedFrame& frame);

// Where the stack of a site begins for tools that look at the innermost frame: allocators and other
// wrappers stand at no leaf. Of wrappers alone all stay.
size_t LeafOf(const SiteResult& site);

// The figures of a site as the JSON report has them: whole numbers, so that the sums of all formats
// are the same.
struct SiteFigures {
  int64_t live_bytes = 0, live_objects = 0, born_bytes = 0, growth_bytes_per_hour = 0;
};
SiteFigures FiguresOf(const SiteResult& site);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_STACK_NAMES_H_
