// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/end_words.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

capture::OomKill Kill() {
  return {capture::OomWitness::kKernelLog, capture::OomScope::kCgroup, "/kubepods/burstable/pod1",
          300 << 20, 1'796'050'375'900'000'000};
}

TEST(EndWordsTest, AnOomKillSaysWhenByWhichLimitAndWhose) {
  EXPECT_EQ(OomKillText(Kill()),
            "OOM-killed at 14:52:55 UTC by the limit of 300 MiB of /kubepods/burstable/pod1");
}

TEST(EndWordsTest, AGroupAndAMachineAreNotTheLimitOfOneProcess) {
  capture::OomKill kill = Kill();
  kill.scope = capture::OomScope::kGroup;
  EXPECT_EQ(OomKillText(kill),
            "OOM-killed at 14:52:55 UTC with its whole cgroup, by the limit of 300 MiB of "
            "/kubepods/burstable/pod1");
  kill.scope = capture::OomScope::kMachine;
  EXPECT_EQ(OomKillText(kill), "OOM-killed at 14:52:55 UTC because the machine had no memory left");
}

TEST(EndWordsTest, WhatIsNotKnownIsLeftOut) {
  capture::OomKill kill = Kill();
  kill.limit_bytes = -1;
  kill.cgroup = "";
  EXPECT_EQ(OomKillText(kill), "OOM-killed at 14:52:55 UTC by the limit of its cgroup");
}

}  // namespace
}  // namespace leaktrack
