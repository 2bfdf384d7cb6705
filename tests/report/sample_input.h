// SPDX-License-Identifier: Apache-2.0
//
// A run with one leak, long hostile names, and a loss, for trying out the formats.
#ifndef LEAKTRACK_TESTS_REPORT_SAMPLE_INPUT_H_
#define LEAKTRACK_TESTS_REPORT_SAMPLE_INPUT_H_

#include <string>

#include "tools/report/input/report_input.h"

namespace leaktrack::testing {

inline ReportInput LeakingInput() {
  ReportInput input;
  input.capture.process.pid = 4711;
  input.capture.process.command = "service --port 80 \x1b[31mred";
  input.capture.process.host = "node7";
  input.capture.end_state = capture::RunState::kKilled;
  input.capture.interval_now = input.capture.interval_min = input.capture.interval_max = 16384;
  input.capture.samples_total = 1000;
  input.capture.live_count = 200;
  input.capture.losses[capture::kLostFrees] = 3;
  input.capture.hooks = {{"malloc", capture::HookState::kActive},
                         {"mallocx", capture::HookState::kBypassed}};
  SiteResult site;
  site.sites = {7, 8};
  site.verdict = Verdict::kSuspect;
  site.trend = Trend::kLinear;
  site.growth = Rate{26e6 * 60, 24e6 * 60, 28e6 * 60};
  site.live_bytes = 9e6;
  site.live_bytes_error = 1e5;
  site.live_objects = 4000;
  site.q_value = site.p_value = 1e-6;
  site.significant = true;
  site.leak_probability = .87;
  site.decided_by_seconds = 5400;
  site.oldest_seconds = 19;
  site.evidence.channel = Channel::kImmortals;
  site.evidence.born_alive = 200;
  site.evidence.old_age_seconds = 2;
  site.settle = {Settles::kRunOfSeconds, 600};
  CallStack::Frames frames;
  for (int i = 0; i < 9; ++i) {
    frames.push_back(
        {std::string(i == 0 ? "malloc" : "very_long_namespace_name::worker_loop_of_the_service(") +
             std::string(120, 'x') + ")",
         "/src/service/deep/path/service.cc", 41, "/usr/bin/service", "ab12", 0x1000, i == 2});
  }
  site.stack = frames;
  site.blame = 1;
  input.analysis.sites.push_back(site);
  input.analysis.duration_seconds = 20;
  input.analysis.total_growth = *site.growth;
  input.analysis.detectable_bytes_per_hour = 3 << 20;
  input.analysis.conclusion = Conclusion::kFound;
  input.missing.push_back({"/usr/lib/libgone.so.1", "cafe01", "file not found", "install it"});
  return input;
}

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_REPORT_SAMPLE_INPUT_H_
