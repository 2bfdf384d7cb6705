// SPDX-License-Identifier: Apache-2.0
//
// The report for machines: schema 1, every name of it in every report, null where a thing is not known.
//
// Promises: names are a contract (tests/report/json_report_test.cc lists them), keys keep their order, intervals are
// 90 %. Names may be added within a schema number; removed or given another meaning only with a new one.
#ifndef LEAKTRACK_TOOLS_REPORT_JSON_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_JSON_REPORT_H_

#include <string>

#include "tools/report/report_input.h"

namespace leaktrack {

std::string JsonReport(const ReportInput& input, size_t top);  // top: sites in full, 0 for all

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_JSON_REPORT_H_
