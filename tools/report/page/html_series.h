// SPDX-License-Identifier: Apache-2.0
//
// What the HTML page draws: how memory moved, how each site did, how old its survivors are.
// Internal to tools/report.
//
// Promises: bounded, whatever the length of the run: at most kMostReadings points of memory and
// kMostCurvePoints of each site. Null where a thing was not told.
#ifndef LEAKTRACK_TOOLS_REPORT_PAGE_HTML_SERIES_H_
#define LEAKTRACK_TOOLS_REPORT_PAGE_HTML_SERIES_H_

#include <cstddef>
#include <vector>

#include "tools/report/input/site_view.h"
#include "tools/report/json/json_parts.h"

namespace leaktrack {

inline constexpr size_t kMostReadings = 360;
inline constexpr size_t kMostCurvePoints = 64;

// {seconds, rss, anonymous, files, heap, retained, mapped, stack, limit}: arrays of one length. Of
// each stretch the reading with the most resident memory is kept, for peaks are what kills.
Json MemoryOverTimeJson(const capture::Capture& capture);

// For each site {level, born}: bytes alive and bytes ever allocated at equal steps that end with
// the run, none shorter than a second: the history is written once a second.
std::vector<Json> CurvesJson(const capture::Capture& capture, SiteView sites);

// The upper ends of the age bands, in seconds; the last band has none.
Json AgeBandsJson();
// For each site the bytes of its survivors by age band.
std::vector<Json> AgesJson(const capture::Capture& capture, SiteView sites);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_PAGE_HTML_SERIES_H_
