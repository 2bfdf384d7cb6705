// SPDX-License-Identifier: Apache-2.0
//
// Writes pages that no ordinary program leaves behind: made_pages DIRECTORY. tests/html opens them.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tests/report/sample_input.h"
#include "tools/report/page/html_report.h"

namespace leaktrack {
namespace {

using testing::LeakingInput;

const char kHostile[] =
    "</script></pre></noscript><script>window.broken=1</script><img src=x "
    "onerror='window.broken=1'><style>*{display:none}</style>"
    "\"'`${window.broken=1}{{constructor}}\x1b[31m\xff\xfe\xe2\x80\xae";

ReportInput Hostile() {
  ReportInput input = LeakingInput();
  input.capture.process.program = input.capture.process.command = input.capture.process.host =
      kHostile;
  input.analysis.sites[0].stack.Change([](auto& frames) {
    for (ResolvedFrame& frame : frames)
      frame.function = frame.file = frame.module = frame.build_id = kHostile;
  });
  input.missing.push_back({kHostile, kHostile, kHostile, kHostile});
  input.capture.damage = {kHostile};
  input.capture.hooks = {{kHostile, capture::HookState::kActive}};
  input.capture.phases = {{kHostile, 1000, 9000, true}};
  input.sources[std::string(kHostile) + ":41"] = {41, {kHostile}, true};
  input.analysis.memory.advice = {{AdviceKind::kTrim, 0, ""}};
  return input;
}

ReportInput Nothing() {
  ReportInput input;
  input.analysis.conclusion = Conclusion::kTooShort;
  input.analysis.doubts = {Doubt::kRunTooShort, 0, 2};
  return input;
}

ReportInput OneSample() {
  ReportInput input = LeakingInput();
  SiteResult& site = input.analysis.sites[0];
  site.verdict = Verdict::kNone;
  site.significant = false;
  site.growth.reset();
  site.live_objects = 1;
  site.stack = {};
  input.analysis.conclusion = Conclusion::kClean;
  return input;
}

// An hour of memory readings, one per second, that grow towards a limit.
void AddHistory(ReportInput& input) {
  input.capture.duration_ms = 3'600'000;
  input.capture.process.start_realtime_ns = 1'790'000'000'000'000'000;
  input.analysis.duration_seconds = 3600;
  for (uint64_t second = 1; second <= 3600; ++second) {
    capture::MemorySample sample;
    const auto grown = static_cast<int64_t>(second * 60'000);
    sample.time_ms = second * 1000;
    sample.rss = 90'000'000 + grown + (second % 97 == 0 ? 5'000'000 : 0);
    sample.file = 20'000'000;
    sample.shared = 0;
    sample.anonymous = sample.rss - sample.file;
    sample.stack = 132'000;
    sample.allocator_free = 9'000'000;
    input.capture.memory.push_back(sample);
  }
  ProcessResult& process = input.analysis.process;
  process.limit_bytes = 512 << 20;
  process.limit_kind = LimitKind::kCgroup;
  process.used_fraction = .6;
  process.headroom_bytes = 200e6;
  process.status = Status::kWarning;
  process.odds = {{3600, .4}};
  process.seconds_low = 3000;
  process.seconds_mid = 3333;
  process.seconds_high = 3800;
  for (int i = 0; i <= 24; ++i)
    process.fan.push_back({i * 170.0, i * 9.0e6, i * 10.2e6, i * 11.6e6});
  input.analysis.memory.rss_bytes = input.capture.memory.back().rss;
  input.capture.phases = {{"load", 10'000, 300'000, true}};
  input.capture.snapshots = {{"deploy", 1'800'000}};
}

SiteResult MadeSite(const SiteResult& model, size_t number, size_t depth) {
  SiteResult site = model;
  site.verdict = number < 5    ? Verdict::kLeak
                 : number < 12 ? Verdict::kSuspect
                 : number < 20 ? Verdict::kWatch
                               : Verdict::kNone;
  site.significant = number < 12;
  if (number >= 20) site.growth.reset();
  site.sites = {static_cast<capture::SiteId>(1000 + number)};
  site.live_bytes = 1e6 / static_cast<double>(1 + number % 311);
  CallStack::Frames frames = {model.stack[0], model.stack[1]};
  for (size_t f = 0; f < depth; ++f) {
    ResolvedFrame frame = model.stack[model.stack.size() - 1];
    frame.function = "service::module_" + std::to_string(number % 17) + "::Call" +
                     std::to_string(f + (f < depth / 3 ? number : 0)) + "(int)";
    frame.module = "/usr/lib/libmodule" + std::to_string(number % 5) + ".so";
    frame.offset = number * 4096 + f;
    frames.push_back(frame);
  }
  site.stack = frames;
  return site;
}

ReportInput Many(size_t sites, size_t depth) {
  ReportInput input = LeakingInput();
  AddHistory(input);
  const SiteResult model = input.analysis.sites[0];
  input.analysis.sites.clear();
  for (size_t i = 0; i < sites; ++i) {
    input.analysis.sites.push_back(MadeSite(model, i, depth));
    capture::CellSeries births{input.analysis.sites.back().sites[0], capture::kBandBirths, {}};
    for (uint64_t t = 60; t <= 3600; t += 60)
      births.points.push_back({t * 1000, t, 1, static_cast<double>(t * (i % 53 + 1) * 100), 0, 0});
    if (i < kMostHtmlSites) input.capture.cells.push_back(births);
  }
  return input;
}

ReportInput LongNames() {
  ReportInput input = LeakingInput();
  input.analysis.sites[0].stack.Change(
      [](auto& frames) { frames[1].function = "Begin<" + std::string(10'000, 'n') + ">End"; });
  return input;
}

Comparison MadeComparison() {
  const ReportInput input = Many(40, 12);
  Comparison comparison;
  constexpr Change kChanges[] = {Change::kNewLeak, Change::kWorse, Change::kUnclear,
                                 Change::kKnown,   Change::kFixed, Change::kUnchanged};
  for (size_t i = 0; i < input.analysis.sites.size(); ++i) {
    SiteChange change;
    change.change = kChanges[std::min<size_t>(i / 2, std::size(kChanges) - 1)];
    change.stack = input.analysis.sites[i].stack;
    change.blame = 1;
    change.key = MakeSiteKey(change.stack, change.blame);
    change.now_bytes = change.change == Change::kFixed ? 0 : 9000.0 - static_cast<double>(i) * 100;
    change.base_bytes = change.change == Change::kNewLeak ? 0 : 4000;
    change.now_blocks = change.base_blocks = 12;
    comparison.sites.push_back(change);
  }
  comparison.detectable_bytes = 320 << 10;
  return comparison;
}

void Write(const std::string& path, const std::string& page) {
  std::ofstream file(path, std::ios::binary);
  file << page;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace
}  // namespace leaktrack

int main(int argc, char** argv) {
  using namespace leaktrack;
  if (argc != 2) {
    std::cerr << "usage: made_pages DIRECTORY\n";
    return 2;
  }
  const std::string directory = std::string(argv[1]) + "/";
  Write(directory + "hostile.html", HtmlReport(Hostile()));
  Write(directory + "nothing.html", HtmlReport(Nothing()));
  Write(directory + "one_sample.html", HtmlReport(OneSample()));
  Write(directory + "thousand.html", HtmlReport(Many(1000, 28)));
  Write(directory + "hundred_thousand.html", HtmlReport(Many(100'000, 6)));
  Write(directory + "deep.html", HtmlReport(Many(3, 2000)));
  Write(directory + "long_names.html", HtmlReport(LongNames()));
  Write(directory + "comparison.html", HtmlComparison(MadeComparison(), "service: old and new"));
  Write(directory + "no_change.html", HtmlComparison(Comparison(), "service: old and new"));
}
