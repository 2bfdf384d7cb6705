// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/metrics.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/live/curves.h"

namespace leaktrack::live {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Stage Leaking(size_t processes = 1) {
  Stage stage;
  stage.limit = 700 * kMiB;
  for (size_t i = 0; i < processes; ++i) {
    const double rate = i == 0 ? 1 : 0;
    stage.actors.push_back(
        {static_cast<pid_t>(i + 1), "/app", [=](double t) { return (5 + rate * t) * kMiB; }, {}});
  }
  return stage;
}

TEST(MetricsTest, ATimeIsGivenOnceTheGrowthHasLastedThatLong) {
  EXPECT_THAT(MetricsText(Watch(Leaking(), 100, 2), {}),
              Not(HasSubstr("leaktrack_cgroup_seconds_to_limit{")));
  EXPECT_THAT(MetricsText(Watch(Leaking(), 400, 2), {}),
              HasSubstr("leaktrack_cgroup_seconds_to_limit{cgroup=\"/app\",bound=\"mid\"}"));
}

TEST(MetricsTest, MoreProcessesThanAskedForAreOneSum) {
  MetricsOptions options;
  options.processes = 2;
  const std::string text = MetricsText(Watch(Leaking(5), 60, 1), options);
  EXPECT_THAT(text, HasSubstr("leaktrack_process_resident_bytes{pid=\"\",command=\"(rest)\","
                              "run_id=\"\"} " +
                              std::to_string(3 * 13 << 20)));
}

TEST(MetricsTest, CountersAreNamedAsEachFormatWants) {
  const HostView view = Watch(Leaking(), 60, 1);
  EXPECT_THAT(MetricsText(view, {}), HasSubstr("# TYPE leaktrack_cgroup_oom_kills_total counter"));
  MetricsOptions open;
  open.format = ChooseMetricsFormat("application/openmetrics-text;version=1.0.0,text/plain;q=.5");
  EXPECT_THAT(MetricsText(view, open), HasSubstr("# TYPE leaktrack_cgroup_oom_kills counter"));
  EXPECT_THAT(MetricsText(view, open), EndsWith("# EOF\n"));
}

TEST(MetricsTest, NamesCannotBreakOutOfTheirLabel) {
  HostView view = Watch(Leaking(), 60, 1);
  view.processes.front().now.name = "a\"} 1\nevil{x=\"\\";
  const std::string text = MetricsText(view, {});
  EXPECT_THAT(text, Not(HasSubstr("\nevil")));
  EXPECT_THAT(text, HasSubstr("command=\"a\\\"} 1\\\\nevil{x=\\\"\\\\\""));
}

TEST(MetricsTest, ExactlyOneStatusIsOne) {
  const std::string text = MetricsText(Watch(Leaking(), 60, 1), {});
  size_t ones = 0;
  for (const char* status : {"ok", "warning", "critical", "oom_imminent"})
    ones += text.find(std::string("leaktrack_process_status{pid=\"1\",command=\"actor1\",run_id="
                                  "\"\",status=\"") +
                      status + "\"} 1\n") != text.npos;
  EXPECT_EQ(ones, 1U);
}

}  // namespace
}  // namespace leaktrack::live
