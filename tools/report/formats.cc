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
    {.name = "text",
     .help = "for a terminal (default)",
     .tells_scope = true,
     .cut = Cut::kAlways,
     .sites = TextOptions{}.top,
     .one = [](Input input, Options options,
               TextSink& sink) { sink.Write(TextReport(input, options.text)); },
     .fleet = [](Runs fleet, Options options,
                 TextSink& sink) { sink.Write(FleetText(fleet, options.text)); }},
    {.name = "json",
     .help = "for programs",
     .sites = kMostJsonSites,
     .one = [](Input input, Options options,
               TextSink& sink) { WriteJsonReport(input, options.top, sink); },
     .fleet = [](Runs fleet, Options options,
                 TextSink& sink) { WriteFleetJson(fleet, options.top, sink); }},
    {.name = "html",
     .help = "for a browser",
     .binary = true,
     .needs_sources = true,
     .cut = Cut::kUnasked,
     .sites = kMostHtmlSites,
     .one = [](Input input, Options options,
               TextSink& sink) { sink.Write(HtmlReport(input, options.top)); },
     .fleet = [](Runs fleet, Options options,
                 TextSink& sink) { sink.Write(HtmlFleet(fleet, options.top)); }},
    {.name = "pprof",
     .help = "for go tool pprof",
     .binary = true,
     .one = [](Input input, Options options,
               TextSink& sink) { sink.Write(PprofReport(input, options.top)); }},
    {.name = "folded",
     .help = "for flamegraph.pl",
     .one = [](Input input, Options options,
               TextSink& sink) { WriteFoldedReport(input, options.top, sink); }},
    {.name = "speedscope",
     .help = "for speedscope.app",
     .one = [](Input input, Options options,
               TextSink& sink) { WriteSpeedscopeReport(input, options.top, sink); }},
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
