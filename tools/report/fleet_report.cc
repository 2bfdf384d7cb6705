// SPDX-License-Identifier: Apache-2.0
#include "tools/report/fleet_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/json_report.h"
#include "tools/report/page.h"

namespace leaktrack {
namespace {

constexpr size_t kMostLines = 20;

double Growth(const ReportInput& run) { return run.analysis.total_growth ? run.analysis.total_growth->low : 0; }

const char* Word(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kFound: return "GROWS";
    case Conclusion::kClean: return "clean";
    case Conclusion::kTooShort: return "short";
    case Conclusion::kDataLost: return "lost";
  }
  return "";
}

std::string RunLine(const ReportInput& run) {
  const Analysis& analysis = run.analysis;
  return absl::StrFormat("  %-6s %12s %10s %8s  %d %s", Word(analysis.conclusion),
                         analysis.total_growth ? FormatRate(analysis.total_growth->mid) : "-",
                         analysis.memory.rss_bytes ? FormatSize(static_cast<double>(*analysis.memory.rss_bytes)) : "-",
                         FormatDuration(analysis.duration_seconds), run.capture.process.pid,
                         SafeText(run.capture.process.program));
}

}  // namespace

void RankRuns(Fleet& fleet) {
  std::stable_sort(fleet.runs.begin(), fleet.runs.end(), [](const ReportInput& a, const ReportInput& b) {
    const bool a_found = a.analysis.conclusion == Conclusion::kFound;
    const bool b_found = b.analysis.conclusion == Conclusion::kFound;
    if (a_found != b_found) return a_found;
    if (Growth(a) != Growth(b)) return Growth(a) > Growth(b);
    return a.analysis.duration_seconds > b.analysis.duration_seconds;
  });
}

Conclusion FleetConclusion(const Fleet& fleet) {
  Conclusion result = fleet.unreadable.empty() ? Conclusion::kTooShort : Conclusion::kDataLost;
  double longest = -1;
  for (const ReportInput& run : fleet.runs) {
    if (run.analysis.conclusion == Conclusion::kFound) return Conclusion::kFound;
    if (run.analysis.conclusion == Conclusion::kDataLost) result = Conclusion::kDataLost;
    if (run.analysis.duration_seconds > longest && result != Conclusion::kDataLost) {
      longest = run.analysis.duration_seconds;
      result = run.analysis.conclusion;
    }
  }
  return result;
}

std::string FleetText(const Fleet& fleet, const TextOptions& options) {
  Page page(options.columns, options.colour);
  page.Line(Headline(fleet.runs.front(), options.columns), Tint::kBold);
  page.Blank();
  page.Line(absl::StrCat(fleet.runs.size(), fleet.runs.size() == 1 ? " capture" : " captures",
                         ", the fastest grower first; it follows in detail"));
  page.Line(absl::StrFormat("  %-6s %12s %10s %8s  %s", "", "growth", "resident", "watched", "process"), Tint::kDim);
  for (size_t i = 0; i < std::min(kMostLines, fleet.runs.size()); ++i) page.Line(RunLine(fleet.runs[i]));
  if (fleet.runs.size() > kMostLines) page.Line(absl::StrCat("  and ", fleet.runs.size() - kMostLines, " more"));
  for (const std::string& line : fleet.unreadable) page.Field("Unread", line);
  page.Blank();
  return page.text() + TextReport(fleet.runs.front(), options);
}

std::string FleetJson(const Fleet& fleet, size_t top) {
  using Json = nlohmann::ordered_json;
  Json report = Json::parse(JsonReport(fleet.runs.front(), top));
  Json captures = Json::array();
  for (const ReportInput& run : fleet.runs) {
    const auto& growth = run.analysis.total_growth;
    captures.push_back({{"path", run.capture.path},
                        {"command", run.capture.process.command},
                        {"pid", run.capture.process.pid},
                        {"duration_seconds", run.analysis.duration_seconds},
                        {"end", EndName(run.capture)},
                        {"found", run.analysis.conclusion == Conclusion::kFound},
                        {"growth_bytes_per_hour", growth ? Json(std::llround(growth->mid)) : Json()},
                        {"inconclusive_because", run.analysis.inconclusive_because.empty()
                                                     ? Json() : Json(run.analysis.inconclusive_because)}});
  }
  report["captures"] = captures;
  report["unreadable"] = fleet.unreadable;
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace leaktrack
