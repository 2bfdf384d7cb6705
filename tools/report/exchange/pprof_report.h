// SPDX-License-Identifier: Apache-2.0
//
// A profile for `go tool pprof` and all that reads its format: gzip around
// perftools.profiles.Profile.
//
//   sample types   inuse_objects/count, inuse_space/bytes (the default), alloc_space/bytes,
//                  growth/bytes (per hour)
//   mapping        one for each program or library, the main program first, with its build-id;
//                  addresses are ELF addresses in a range of its own
//   location       one for each call site, with a line for each inlined function, innermost first
//   labels         verdict, trend
//   comments       command, how the run ended, and what was lost
//
// Promises: sums as in the JSON report; allocators and other wrappers stand at no leaf. Why
// protozero: the schema is a handful of fields, the writer is well kept.
#ifndef LEAKTRACK_TOOLS_REPORT_EXCHANGE_PPROF_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_EXCHANGE_PPROF_REPORT_H_

#include <string>

#include "tools/report/input/report_input.h"

namespace leaktrack {

std::string PprofReport(const ReportInput& input, size_t top);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_EXCHANGE_PPROF_REPORT_H_
