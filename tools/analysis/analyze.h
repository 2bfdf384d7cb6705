// SPDX-License-Identifier: Apache-2.0
//
// From a capture to an answer.
//
// Pipeline: histories by site -> names -> tests per site -> false discovery rate over all of them
// -> the same for sums of sites that share their inner frames -> process account -> what this run
// could have seen at all.
// Promises: same capture and same symbols, same answer; no input makes it fail.
//
// Thread-safety: none; the symbolizer is used.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_ANALYZE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_ANALYZE_H_

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/options.h"
#include "tools/analysis/model/result.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

Analysis Analyze(const capture::Capture& capture, Symbolizer& symbolizer,
                 const AnalyzeOptions& options = {});

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_ANALYZE_H_
