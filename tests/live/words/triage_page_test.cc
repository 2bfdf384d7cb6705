// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/triage_page.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/live/curves.h"
#include "tools/base/safe_text.h"
#include "tools/live/words/phrases.h"

namespace leaktrack::live {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int64_t kThree = 1'764'558'000;  // 2025-12-01 03:00 UTC

Stage LeakingStage() {
  Stage stage;
  stage.actors = {{4711, "/orders", [](double t) { return (100 + t) * kMiB; }, {}},
                  {2, "/app", [](double) { return 10 * kMiB; }, {}}};
  stage.limit = 1000 * kMiB;
  return stage;
}

HostView Leaking() {
  Stage stage = LeakingStage();
  stage.actors.front().cgroup = "/app";
  return Watch(stage, 60, 1);
}

TriageOptions Options() {
  TriageOptions options;
  options.now = kThree;
  options.next.cgroup_folder = "/sys/fs/cgroup";
  return options;
}

TEST(TriageTextTest, SaysFirstWhoGrowsThenWhenItIsFullThenWhatToDo) {
  const std::string text = TriageText(Leaking(), Options());
  EXPECT_THAT(text, StartsWith("CRITICAL"));
  EXPECT_THAT(text, HasSubstr("actor4711 (pid 4711) grows 60 MiB/min"));
  EXPECT_THAT(text, HasSubstr("03:13 UTC"));
  EXPECT_THAT(text, HasSubstr("1000 MiB of cgroup /app"));
  EXPECT_THAT(text, HasSubstr("leaktrack run -o /var/tmp/captures"));
  EXPECT_THAT(text, HasSubstr("/sys/fs/cgroup/app/memory.max"));
  EXPECT_THAT(text, HasSubstr("KEEP"));
}

TEST(TriageTextTest, NoLineBesideCommandsIsWiderThanThePage) {
  std::string line;
  std::istringstream text(TriageText(Leaking(), Options()));
  while (std::getline(text, line)) {
    const bool command = line.find("leaktrack run") != line.npos || line.find("echo ") != line.npos;
    EXPECT_TRUE(command || DisplayColumns(line) <= 80U) << line;
  }
}

TEST(TriageTextTest, NothingThatGrowsIsOk) {
  Stage stage;
  stage.actors = {{1, "/app", [](double) { return 50 * kMiB; }, {}}};
  stage.limit = 1000 * kMiB;
  const HostView view = Watch(stage, 60, 1);
  EXPECT_THAT(TriageText(view, Options()), StartsWith("OK"));
  EXPECT_EQ(AnswerOf(view), TriageAnswer::kOk);
}

TEST(TriageTextTest, NamesOfProcessesCannotActOnTheTerminal) {
  HostView view = Leaking();
  view.processes.front().now.name = "\x1b[2Jx\n";
  view.processes.front().limit.cgroup = "/a\x1b]0;y\x07";
  EXPECT_THAT(TriageText(view, Options()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(TriageJson(view, Options()), Not(HasSubstr("\x1b")));
}

TEST(TriageTextTest, SaysWhatItCouldNotSee) {
  HostView view = Leaking();
  view.unseen.hidden = true;
  view.unseen.no_kernel_log = true;
  const std::string text = TriageText(view, Options());
  EXPECT_THAT(text, HasSubstr("hidepid"));
  EXPECT_THAT(text, HasSubstr("kernel log"));
}

TEST(TriageTextTest, AKillIsToldWithItsProof) {
  OomKill kill;
  kill.name = "puma";
  kill.pid = 7;
  kill.cgroup = "/kubepods/x";
  kill.limit_bytes = 300 << 20;
  kill.time = kThree;
  kill.resident = 250 << 20;
  EXPECT_EQ(KillText(kill),
            "puma (pid 7) was OOM-killed at 2025-12-01 03:00 UTC by the limit of 300 MiB of "
            "/kubepods/x; it held 250 MiB (kernel log)");
}

TEST(TriageJsonTest, HasThePublishedNamesAndNullWhereNothingIsKnown) {
  const auto json = nlohmann::json::parse(TriageJson(Leaking(), Options()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["seconds"], 60);
  const auto& leak = json["processes"][0];
  for (const char* name : {"pid", "name", "cgroup", "rss_bytes", "growth_bytes_per_hour",
                           "growth_low", "growth_high", "class", "limit_bytes", "limit_kind",
                           "seconds_to_limit", "status", "tracked", "worst_site"})
    EXPECT_TRUE(leak.contains(name)) << name;
  EXPECT_EQ(leak["status"], "critical");
  EXPECT_EQ(leak["limit_kind"], "cgroup");
  EXPECT_EQ(leak["tracked"], false);
  EXPECT_TRUE(leak["worst_site"].is_null());
  EXPECT_NEAR(leak["seconds_to_limit"]["mid"], 829, 30);
  EXPECT_TRUE(json["oom_kills"].is_array());
}

}  // namespace
}  // namespace leaktrack::live
