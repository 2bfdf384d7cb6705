// SPDX-License-Identifier: Apache-2.0
#include "tools/report/exchange/folded_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/report/input/stack_names.h"

namespace leaktrack {
namespace {

std::string Folded(const SiteResult& site) {
  std::string line;
  for (size_t i = site.stack.size(); i-- > 0;) {
    std::string name = FrameName(site.stack[i]);
    std::replace(name.begin(), name.end(), ';', ':');
    absl::StrAppend(&line, name, i == 0 ? "" : ";");
  }
  return line.empty() ? "(no stack)" : line;
}

}  // namespace

std::string FoldedReport(const ReportInput& input, size_t top) {
  std::string text;
  size_t told = 0;
  for (const SiteResult& site : input.analysis.sites) {
    if (top != 0 && told++ >= top) break;
    const int64_t bytes = FiguresOf(site).live_bytes;
    if (bytes > 0) absl::StrAppend(&text, Folded(site), " ", bytes, "\n");
  }
  return text;
}

}  // namespace leaktrack
