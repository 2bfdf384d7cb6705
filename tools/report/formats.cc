// SPDX-License-Identifier: Apache-2.0
#include "tools/report/formats.h"

#include "tools/report/exchange/folded_report.h"
#include "tools/report/exchange/pprof_report.h"
#include "tools/report/exchange/speedscope_report.h"
#include "tools/report/json/fleet_json.h"
#include "tools/report/json/json_report.h"
#include "tools/report/page/html_report.h"
#include "tools/report/text/fleet_text.h"

namespace leaktrack {
namespace {

using Input = const ReportInput&;
using Runs = const Fleet&;
using Options = const FormatOptions&;

constexpr size_t kMostJsonSites = 2'000;  // 40 frames each are 30 MB

constexpr ReportFormat kFormats[] = {
    {"text", false, 0,
     [](Input input, Options options, TextSink& sink) {
       sink.Write(TextReport(input, options.text));
     },
     [](Runs fleet, Options options, TextSink& sink) {
       sink.Write(FleetText(fleet, options.text));
     }},
    {"json", false, kMostJsonSites,
     [](Input input, Options options, TextSink& sink) {
       WriteJsonReport(input, options.top, sink);
     },
     [](Runs fleet, Options options, TextSink& sink) { WriteFleetJson(fleet, options.top, sink); }},
    {"html", true, 0,
     [](Input input, Options options, TextSink& sink) {
       sink.Write(HtmlReport(input, options.top));
     },
     [](Runs fleet, Options options, TextSink& sink) {
       sink.Write(HtmlFleet(fleet, options.top));
     }},
    {"pprof", true, 0,
     [](Input input, Options options, TextSink& sink) {
       sink.Write(PprofReport(input, options.top));
     },
     nullptr},
    {"folded", false, 0,
     [](Input input, Options options, TextSink& sink) {
       WriteFoldedReport(input, options.top, sink);
     },
     nullptr},
    {"speedscope", false, 0,
     [](Input input, Options options, TextSink& sink) {
       WriteSpeedscopeReport(input, options.top, sink);
     },
     nullptr},
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
