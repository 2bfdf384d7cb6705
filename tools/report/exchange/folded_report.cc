// SPDX-License-Identifier: Apache-2.0
#include "tools/report/exchange/folded_report.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/report/input/stack_names.h"

namespace leaktrack {
namespace {

std::string Folded(const SiteResult& site) {
  std::string line;
  const size_t leaf = LeafOf(site);
  for (size_t i = site.stack.size(); i-- > leaf;) {
    std::string name = FrameName(site.stack[i]);
    std::replace(name.begin(), name.end(), ';', ':');
    absl::StrAppend(&line, name, i == leaf ? "" : ";");
  }
  return line.empty() ? "(no stack)" : line;
}

}  // namespace

void WriteFoldedReport(const ReportInput& input, size_t top, TextSink& sink) {
  for (const SiteResult& site : ShownSites(input).First(top)) {
    const int64_t bytes = FiguresOf(site).live_bytes;
    if (bytes > 0) sink.Write(absl::StrCat(Folded(site), " ", bytes, "\n"));
  }
}

}  // namespace leaktrack
