// SPDX-License-Identifier: Apache-2.0
//
// A judgement of the last hours of a run alone: `report --since 2h`.
//
// What: makes of a capture one that begins later, as if the tracker had been loaded then, judges
// that, and gives the answer in the terms of the whole run. Why not a window over the whole
// history: every test measures in shares of the time watched, and a verdict may only be as sure as
// the window is long. What was alive when the window began counts as there from the start: it is
// nobody's growth. When it dies within the window, that death counts, at the age since the window
// began: a cache in balance whose blocks live longer than the window would otherwise look like a
// leak.
// Promises: what is alive, how old it is and what was ever allocated stay those of the whole run;
// so do all times, which are since its start. Limits: a step of a counter that the window's
// beginning cuts falls into the window as a whole.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_LAST_PART_H_
#define LEAKTRACK_TOOLS_ANALYSIS_LAST_PART_H_

#include <cstdint>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/options.h"
#include "tools/analysis/model/result.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// What is known of a run from `from_ms` on; its times begin there.
capture::Capture LastPart(const capture::Capture& capture, uint64_t from_ms);

// Judges the last `window_ms`; all of it where the run is no longer than that.
Analysis AnalyzeLast(const capture::Capture& capture, uint64_t window_ms, Symbolizer& symbolizer,
                     AnalyzeOptions options = {});

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_LAST_PART_H_
