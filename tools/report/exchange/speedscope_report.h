// SPDX-License-Identifier: Apache-2.0
//
// A file for speedscope (www.speedscope.app, also offline): three profiles of the same stacks, by
// bytes alive, by growth in bytes per hour, and by all bytes ever allocated. Promises: sums as in
// the JSON report; names are escaped; allocators and other wrappers stand at no leaf.
#ifndef LEAKTRACK_TOOLS_REPORT_EXCHANGE_SPEEDSCOPE_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_EXCHANGE_SPEEDSCOPE_REPORT_H_

#include <cstddef>

#include "tools/base/text_sink.h"
#include "tools/report/input/report_input.h"

namespace leaktrack {

void WriteSpeedscopeReport(const ReportInput& input, size_t top, TextSink& sink);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_EXCHANGE_SPEEDSCOPE_REPORT_H_
