// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/kernel_log.h"

#include "gtest/gtest.h"

namespace leaktrack::live {
namespace {

// As kernel 6.18 wrote it.
constexpr char kKill[] =
    "4,100,27701325000,-;hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n"
    "6,101,27701325100,-;memory: usage 32768kB, limit 32768kB, failcnt 20\n"
    " SUBSYSTEM=memory\n"
    "6,102,27701325200,-;[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file ...\n"
    "6,103,27701325300,-;[  16590]     0 16590     9329     9000     8616      244         0   1   "
    "  "
    "   0             0 big\n"
    "6,104,27701325400,-;[  16594]     0 16594     8329     7860     7616      244         0   1   "
    "  "
    "   0             0 hog\n"
    "6,105,27701325409,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/"
    ",mems_allowed="
    "0,oom_memcg=/acc,task_memcg=/acc/inner,task=hog,pid=16594,uid=0\n"
    "3,106,27701325426,-;Memory cgroup out of memory: Killed process 16594 (hog) total-vm:33316kB, "
    "anon-rss:30464kB, file-rss:976kB, shmem-rss:0kB, UID:0 pgtables:112kB oom_score_adj:0\n";

TEST(KernelLogTest, AKillHasVictimLimitLevelMomentAndTheLargest) {
  const auto kills = KillsIn(kKill, 1'000'000);
  ASSERT_EQ(kills.size(), 1U);
  const OomKill& kill = kills.front();
  EXPECT_EQ(kill.pid, 16594);
  EXPECT_EQ(kill.name, "hog");
  EXPECT_EQ(kill.cgroup, "/acc");
  EXPECT_EQ(kill.task_cgroup, "/acc/inner");
  EXPECT_EQ(kill.limit_bytes, 32 << 20);
  EXPECT_EQ(kill.time, 1'027'701);
  EXPECT_EQ(kill.resident, 30464 << 10);
  EXPECT_EQ(kill.largest, "big");
  EXPECT_EQ(kill.largest_resident, 9000 * 4096);
  EXPECT_FALSE(kill.whole_group);
}

TEST(KernelLogTest, AKillOfAGroupAndOneOfTheMachineAreToldApart) {
  const auto kills = KillsIn(
      std::string(kKill) +
          "6,107,27701325500,-;Tasks in /acc are going to be killed due to memory.oom.group set\n"
          "4,108,27801325000,-;x invoked oom-killer: gfp_mask=0\n"
          "6,109,27801325100,-;oom-kill:constraint=CONSTRAINT_NONE,global_oom,task=x (y),pid=5\n"
          "3,110,27801325426,-;Out of memory: Killed process 5 (x (y) total-vm:1kB, anon-rss:2kB\n",
      0);
  ASSERT_EQ(kills.size(), 2U);
  EXPECT_EQ(kills[0].scope, OomKill::Scope::kMachine);
  EXPECT_EQ(kills[0].pid, 5);
  EXPECT_EQ(kills[0].limit_bytes, kNoLimit);
  EXPECT_TRUE(kills[1].whole_group);
}

TEST(KernelLogTest, WhatTheLogTellsTheCounterDoesNotTellAgain) {
  auto kills = KillsIn(kKill, 0);
  CgroupReading inner, other;
  inner.path = "/acc/inner";
  inner.oom_kills = 1;
  other.path = "/other";
  other.oom_kills = 4;
  other.max = 5 << 20;
  AddCountedKills({inner, other}, kills);
  ASSERT_EQ(kills.size(), 2U);
  EXPECT_EQ(kills[1].proof, OomKill::Proof::kCounter);
  EXPECT_EQ(kills[1].cgroup, "/other");
  EXPECT_EQ(kills[1].count, 4);
}

TEST(KernelLogTest, RubbishIsNoKillAndALogThatMayNotBeReadIsNone) {
  EXPECT_TRUE(KillsIn("", 0).empty());
  EXPECT_TRUE(
      KillsIn("6,1,x,-;Killed process 5\n;;;\n,,,;\nKilled process 9 (a) total-vm", 0).empty());
  EXPECT_FALSE(ReadKernelLog("/not/there"));
}

}  // namespace
}  // namespace leaktrack::live
