// SPDX-License-Identifier: Apache-2.0
//
// Folded stacks, as flamegraph.pl and its kin read them: "root;caller;leaf BYTES", one line for
// each site that holds something, bytes alive now. Promises: a frame holds no ';' and no line
// break, whatever its symbol is called; the sum of all lines is that of the JSON report's
// live_bytes. Allocators and other wrappers stand at no leaf.
#ifndef LEAKTRACK_TOOLS_REPORT_EXCHANGE_FOLDED_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_EXCHANGE_FOLDED_REPORT_H_

#include <cstddef>

#include "tools/base/text_sink.h"
#include "tools/report/input/report_input.h"

namespace leaktrack {

// `top`: that many sites; 0: all.
void WriteFoldedReport(const ReportInput& input, size_t top, TextSink& sink);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_EXCHANGE_FOLDED_REPORT_H_
