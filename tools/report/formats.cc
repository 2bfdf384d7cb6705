// SPDX-License-Identifier: Apache-2.0
#include "tools/report/formats.h"

#include "tools/report/exchange/folded_report.h"
#include "tools/report/page/html_report.h"
#include "tools/report/json/json_report.h"
#include "tools/report/exchange/pprof_report.h"
#include "tools/report/exchange/speedscope_report.h"

namespace leaktrack {
namespace {

using Input = const ReportInput&;
using Runs = const Fleet&;
using Options = const FormatOptions&;

constexpr ReportFormat kFormats[] = {
    {"text", false, [](Input input, Options options) { return TextReport(input, options.text); },
     [](Runs fleet, Options options) { return FleetText(fleet, options.text); }},
    {"json", false, [](Input input, Options options) { return JsonReport(input, options.top); },
     [](Runs fleet, Options options) { return FleetJson(fleet, options.top); }},
    {"html", true, [](Input input, Options options) { return HtmlReport(input, options.top); },
     [](Runs fleet, Options options) { return HtmlFleet(fleet, options.top); }},
    {"pprof", true, [](Input input, Options options) { return PprofReport(input, options.top); }, nullptr},
    {"folded", false, [](Input input, Options options) { return FoldedReport(input, options.top); }, nullptr},
    {"speedscope", false, [](Input input, Options options) { return SpeedscopeReport(input, options.top); }, nullptr},
};

}  // namespace

std::span<const ReportFormat> ReportFormats() { return kFormats; }

const ReportFormat* FindReportFormat(const std::string& name) {
  for (const ReportFormat& format : kFormats) {
    if (name == format.name) return &format;
  }
  return nullptr;
}

}  // namespace leaktrack
