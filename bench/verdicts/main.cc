// SPDX-License-Identifier: Apache-2.0
//
// verdict_simulator: how accurate the verdicts are (README.md).
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "bench/verdicts/cost.h"
#include "bench/verdicts/fit.h"
#include "bench/verdicts/scenarios.h"
#include "bench/verdicts/tables.h"
#include "tools/report/words/names.h"
#include "tools/report/words/site_words.h"

namespace leaktrack::verdicts {
namespace {

// Rules are tuned on the first range only. Figures are reported from the second.
constexpr uint64_t kTuneSeeds = 1'000, kReportSeeds = 770'000;

struct Options {
  std::string seeds = "tune";
  std::string only;
  std::string json;
  std::string match;
  std::string analyze;
  std::string fit;
  std::string entries;
  double programs = 1;
  bool explain = false;
};

struct Planned {
  const char* name;
  Scenario scenario;
  int programs;
};

const Planned kPlan[] = {
    {"1 h, 16 KiB", {1, 16 << 10, false, 1}, 3},
    {"1 h, 64 KiB", {1, 64 << 10, false, 1}, 4},
    {"6 h, 64 KiB", {6, 64 << 10, false, 1}, 3},
    {"6 h, 512 KiB", {6, 512 << 10, false, 1}, 5},
    {"24 h, 64 KiB", {24, 64 << 10, false, 1}, 2},
    {"24 h, 512 KiB", {24, 512 << 10, false, 1}, 4},
    {"heavy 6 h, 64 KiB", {6, 64 << 10, true, 1}, 3},
    {"heavy 24 h, 512 KiB", {24, 512 << 10, true, 1}, 3},
};

// One line for each wrong accusation, and one for each missed leak.
void Explain(const Program& program, const Truth& truth, const Analysis& analysis) {
  const RunTimes run{0, analysis.duration_seconds, false};
  std::vector<Verdict> found(program.units.size(), Verdict::kNone);
  std::vector<const SiteResult*> entry_of(program.units.size());
  for (size_t i = 0; i < analysis.sites.size(); ++i) {
    const SiteResult& result = analysis.sites[i];
    bool leaks = false, hard = false;
    for (const uint32_t site : truth.sites_of_result[i]) {
      const uint32_t unit = program.sites[site].unit;
      leaks |= program.units[unit].leak, hard |= program.units[unit].hard;
      if (entry_of[unit] == nullptr || result.verdict > found[unit]) entry_of[unit] = &result;
      found[unit] = std::max(found[unit], result.verdict);
    }
    if (result.verdict < Verdict::kSuspect || leaks || truth.sites_of_result[i].empty()) continue;
    const Unit& unit = program.units[program.sites[truth.sites_of_result[i][0]].unit];
    std::cout << absl::StrFormat("  FALSE%s %-7s rank %d of %s (%d sites) p %.2g q %.2g %s: %s\n",
                                 hard ? " (hard)" : "", Name(result.verdict), i + 1, unit.kind,
                                 truth.sites_of_result[i].size(), result.p_value.value_or(-1),
                                 result.q_value.value_or(-1), Name(result.trend),
                                 EvidenceText(result, run));
  }
  for (size_t i = 0; i < program.units.size(); ++i) {
    const Unit& unit = program.units[i];
    if (!unit.leak || found[i] >= Verdict::kSuspect) continue;
    const double leaked = unit.leaked_bytes(program.end_ms) / truth.interval;
    if (leaked < 16) continue;
    const SiteResult* entry = entry_of[i];
    std::cout << absl::StrFormat(
        "  MISSED %s, %.0f T leaked, %s %s p %.2g: %s\n", unit.kind, leaked,
        entry ? Name(entry->verdict) : "gone", entry ? Name(entry->trend) : "",
        entry ? entry->p_value.value_or(-1) : -1, entry ? EvidenceText(*entry, run) : "");
  }
}

int Times(int programs, double factor) {
  return std::max(1, static_cast<int>(programs * factor + .5));
}

bool Wanted(const Options& options, const std::string& part, const std::string& name) {
  return (options.only.empty() || options.only == part) &&
         name.find(options.match) != std::string::npos;
}

uint64_t Seed(const Options& options, int i) {
  return (options.seeds == "report" ? kReportSeeds : kTuneSeeds) + static_cast<uint64_t>(i);
}

void RunVerdicts(const Options& options, Results& results) {
  for (const Planned& planned : kPlan) {
    if (!Wanted(options, "verdicts", planned.name)) continue;
    results.rows.push_back({planned.name, {}});
    for (int i = 0; i < Times(planned.programs, options.programs); ++i) {
      if (options.explain) std::cout << planned.name << ", seed " << Seed(options, i) << std::endl;
      results.rows.back().score.Add(
          RunScenario(planned.scenario, Seed(options, i), options.explain ? Explain : Watch{}));
    }
  }
}

void RunAllLooks(const Options& options, Results& results) {
  if (!Wanted(options, "looks", "6 h, 64 KiB")) return;
  LookRow row{"6 h, 64 KiB", {}};
  for (int i = 0; i < Times(5, options.programs); ++i) {
    const FirstSuspicion one = RunLooks(6, 64 << 10, Seed(options, i));
    row.looks.leaked.insert(row.looks.leaked.end(), one.leaked.begin(), one.leaked.end());
    results.calibration.insert(results.calibration.end(), one.entries.begin(), one.entries.end());
    row.looks.in_time.part += one.in_time.part, row.looks.in_time.all += one.in_time.all;
    row.looks.ever_accused += one.ever_accused, row.looks.sites += one.sites;
  }
  results.looks.push_back(row);
}

void RunForecasts(const Options& options, Results& results) {
  for (const auto& [name, interval] :
       {std::pair{"6 h, 64 KiB", 64 << 10}, std::pair{"6 h, 512 KiB", 512 << 10}}) {
    if (!Wanted(options, "forecast", name)) continue;
    results.forecasts.push_back({name, {}});
    for (int i = 0; i < Times(30, options.programs); ++i) {
      results.forecasts.back().forecasts.Add(
          RunForecast(6, static_cast<uint64_t>(interval), Seed(options, i)));
    }
  }
}

// Programs of all populations; those that another round has are never among them.
void RunAllCalibration(const Options& options, Results& results) {
  for (uint32_t number = 0; number < kPopulations.size(); ++number) {
    if (!Wanted(options, "calibration", kPopulations[number].name)) continue;
    const int programs = Times(kPopulations[number].programs, options.programs);
    for (int i = 0; i < programs; ++i) {
      for (CalibrationEntry& entry :
           RunCalibration(number, static_cast<uint32_t>(i), Seed(options, i)))
        results.calibration.push_back(std::move(entry));
    }
  }
}

Results Simulate(const Options& options) {
  Results results;
  if (options.only == "calibration") RunAllCalibration(options, results);
  RunVerdicts(options, results);
  RunAllLooks(options, results);
  RunForecasts(options, results);
  return results;
}

}  // namespace
}  // namespace leaktrack::verdicts

int main(int argc, char** argv) {
  using namespace leaktrack::verdicts;
  Options options;
  CLI::App app("How right the verdicts are, on programs whose truth is known");
  app.add_option("--seeds", options.seeds, "tune: to try rules on; report: to measure once")
      ->check(CLI::IsMember({"tune", "report"}));
  app.add_option("--programs", options.programs, "this many times the usual number of programs");
  app.add_option("--only", options.only, "one part")
      ->check(CLI::IsMember({"verdicts", "looks", "forecast", "cost", "calibration"}));
  app.add_option("--match", options.match, "scenarios whose name contains this");
  app.add_option("--json", options.json, "write the figures to this file, too");
  app.add_flag("--explain", options.explain,
               "say of each wrong or missing accusation what the report said");
  app.add_option("--fit", options.fit,
                 "of the part `calibration`: fit the model and write it to this file");
  app.add_option("--entries", options.entries, "of the same: write all entries to this file")
      ->group("");
  app.add_option("--analyze", options.analyze, "for the part `cost`: analyze this capture and end")
      ->group("");
  CLI11_PARSE(app, argc, argv);
  if (!options.analyze.empty()) return AnalyzeOnly(options.analyze);
  const Results results = Simulate(options);
  std::cout << AsText(results);
  if (options.only.empty() || options.only == "cost")
    std::cout << AsText(MeasureCost(10'000, 2'000'000)) << "\n";
  if (!options.fit.empty()) std::ofstream(options.fit) << TextOf(FittedModel(results.calibration));
  if (!options.entries.empty()) std::ofstream(options.entries) << AsCsv(results.calibration);
  if (!options.json.empty()) std::ofstream(options.json) << AsJson(results);
  return 0;
}
