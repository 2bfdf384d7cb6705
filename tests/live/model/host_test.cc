// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/host.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/live/curves.h"

namespace leaktrack::live {
namespace {

using testing::ElementsAre;

std::function<double(double)> Steady(double mebibytes) {
  return [=](double) { return mebibytes * kMiB; };
}
std::function<double(double)> Leak(double mebibytes, double per_second) {
  return [=](double t) { return (mebibytes + per_second * t) * kMiB; };
}

const ProcessView& Of(const HostView& view, pid_t pid) {
  return *std::ranges::find_if(view.processes,
                               [&](const ProcessView& one) { return one.now.key.pid == pid; });
}

TEST(HostTest, WorkersOfOneCgroupShareOneTimeToItsLimit) {
  Stage stage;
  for (pid_t pid = 1; pid <= 4; ++pid) stage.actors.push_back({pid, "/app", Leak(100, .1), {}});
  stage.limit = 1000 * kMiB;
  const HostView view = Watch(stage, 120, 2);
  // 4 x 100 MiB are held, and .4 MiB come each second.
  const double left = (1000 - 1 - 4 * (100 + .1 * 120)) / .4;
  for (const ProcessView& process : view.processes) {
    EXPECT_NEAR(*process.outlook.mid, left, .05 * left);
    EXPECT_TRUE(process.shared_outlook);
    EXPECT_EQ(process.limit.kind, LimitKind::kCgroup);
    EXPECT_EQ(process.limit.cgroup, "/app");
  }
}

TEST(HostTest, TheLimitOfALevelAboveCounts) {
  Stage stage;
  stage.actors = {{1, "/app/inner", Leak(100, 1), {}}};
  stage.limit = 1000 * kMiB;
  const HostView view = Watch(stage, 60, 1);
  EXPECT_EQ(view.processes.front().limit.cgroup, "/app");
  EXPECT_TRUE(view.processes.front().outlook.mid);
}

TEST(HostTest, WhatGrowsOutsideOfAllProcessesIsNamed) {
  Stage stage;
  stage.actors = {{1, "/app", Steady(3), {}}};
  stage.limit = 512 * kMiB;
  stage.shmem = [](double t) { return 2.5 * kMiB * t; };
  const HostView view = Watch(stage, 60, 1);
  const CgroupView& cgroup = *view.FindCgroup("/app");
  ASSERT_TRUE(cgroup.blamed);
  EXPECT_STREQ(cgroup.outside[*cgroup.blamed].kind, "shmem");
  EXPECT_NEAR(*cgroup.outlook.mid, (512 - 3 - 1 - 150) / 2.5, 5);
  EXPECT_EQ(Of(view, 1).cause, Cause::kSteady);
}

TEST(HostTest, AFillingPageCacheRaisesNoAlarm) {
  Stage stage;
  stage.actors = {{1, "/app", Steady(50), {}}};
  stage.limit = 512 * kMiB;
  stage.cache = [](double t) { return std::min(7 * kMiB * t, 450 * kMiB); };
  const HostView view = Watch(stage, 60, 1);
  EXPECT_EQ(view.FindCgroup("/app")->status, Status::kOk);
  EXPECT_FALSE(view.FindCgroup("/app")->outlook.mid);
  EXPECT_EQ(Of(view, 1).status, Status::kOk);
}

TEST(HostTest, AStartUpGetsNoAlarmAndNoUpperEnd) {
  Stage stage;
  stage.actors = {{1, "/app", Leak(0, 20), {}, 1}};
  const HostView view = Watch(stage, 10, .5);
  EXPECT_EQ(Of(view, 1).cause, Cause::kStartup);
  EXPECT_EQ(Of(view, 1).status, Status::kOk);
  EXPECT_FALSE(Of(view, 1).outlook.high);
}

TEST(HostTest, AFastLeakIsImminentEvenIfItIsYoung) {
  Stage stage;
  stage.actors = {{1, "/app", Leak(10, 10), {}, 2}};
  stage.limit = 300 * kMiB;
  EXPECT_EQ(Of(Watch(stage, 5, .25), 1).status, Status::kOomImminent);
}

TEST(HostTest, StatusFollowsTheUseOfTheLimit) {
  for (const auto& [used, status] : {std::pair{700, Status::kOk},
                                     {760, Status::kWarning},
                                     {860, Status::kCritical},
                                     {980, Status::kOomImminent}}) {
    Stage stage;
    stage.actors = {{1, "/app", Steady(used), {}}};
    stage.limit = 1000 * kMiB;
    EXPECT_EQ(Of(Watch(stage, 10, 1), 1).status, status) << used;
  }
}

TEST(HostTest, TheLeakRanksFirstAmongTheLargeAndTheSteady) {
  Stage stage;
  stage.limit = 20000 * kMiB;
  for (pid_t pid = 1; pid <= 20; ++pid) stage.actors.push_back({pid, "/app", Steady(500), {}});
  stage.actors.push_back({99, "/app", Leak(20, .5), {}});
  EXPECT_EQ(Watch(stage, 60, 1).processes.front().now.key.pid, 99);
}

TEST(HostTest, ARestartForgetsTheGrowthOfTheProcessThatIsGone) {
  Stage stage;
  stage.limit = 1000 * kMiB;
  Actor before{1, "/app", Leak(100, 1), {}};
  before.died = 300;
  Actor after{2, "/app", Steady(100), {}};
  after.born = 300;
  stage.actors = {before, after};
  EXPECT_TRUE(Watch(stage, 299, 2).FindCgroup("/app")->outlook.mid);
  const HostView view = Watch(stage, 500, 2);
  EXPECT_FALSE(view.FindCgroup("/app")->outlook.mid);
  EXPECT_EQ(view.processes.size(), 1U);
}

TEST(HostTest, OfAMachineOnlyThoseThatFillItHaveATime) {
  Stage stage;
  stage.machine = 2000 * kMiB;
  stage.actors = {{1, "/app", Steady(50), {}}, {2, "/app", Leak(500, 2), {}}};
  const HostView view = Watch(stage, 300, 2);
  EXPECT_FALSE(Of(view, 1).outlook.mid);
  EXPECT_EQ(Of(view, 1).status, Status::kOk);
  EXPECT_NEAR(*Of(view, 2).outlook.mid, (2000 - 51 - 500 - 600) / 2., 20);
  EXPECT_EQ(Of(view, 2).limit.kind, LimitKind::kMachine);
}

TEST(HostTest, MoreProcessesThanAreFollowedAreCounted) {
  HostReading reading;
  for (size_t i = 0; i < kMostProcesses + 5; ++i)
    reading.processes.push_back(ReadingOf(Actor{static_cast<pid_t>(i + 1), "", Steady(1), {}}, 0));
  Host host;
  host.Add(reading);
  const HostView view = host.Judge();
  EXPECT_EQ(view.processes.size(), kMostProcesses);
  EXPECT_EQ(view.unseen.beyond_bounds, 5U);
}

TEST(HostTest, LevelsGoUpToTheRoot) {
  EXPECT_THAT(LevelsOf("/a/b"), ElementsAre("/a/b", "/a", "/"));
  EXPECT_THAT(LevelsOf("/"), ElementsAre("/"));
  EXPECT_THAT(LevelsOf(""), ElementsAre());
}

}  // namespace
}  // namespace leaktrack::live
