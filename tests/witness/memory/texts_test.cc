// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tools/witness/memory/mapping.h"
#include "tools/witness/memory/threads.h"

namespace leaktrack::witness {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Mapping, ReadsWhatTheKernelLists) {
  const auto maps = ParseMaps(
      "5500-6000 r--p 00001000 fe:01 247134                     /usr/bin/a b (deleted)\n"
      "6000-7000 rw-s 00000000 00:00 0 \n"
      "7000-9000 rw-p 00000000 00:00 0                          [heap]\n");
  ASSERT_EQ(maps.size(), 3u);
  EXPECT_EQ(maps[0].path, "/usr/bin/a b");
  EXPECT_TRUE(maps[0].deleted);
  EXPECT_EQ(maps[0].offset, 0x1000u);
  EXPECT_TRUE(maps[0].IsFile());
  EXPECT_TRUE(maps[1].shared && maps[1].writable && !maps[1].IsFile());
  EXPECT_EQ(maps[2].path, "[heap]");
  EXPECT_EQ(FindMapping(maps, 0x6fff), &maps[1]);
  EXPECT_EQ(FindMapping(maps, 0x9000), nullptr);
}

TEST(Mapping, LeavesOutLinesThatAreNone) {
  EXPECT_THAT(ParseMaps("nonsense\n9000-8000 rw-p 0 0:0 0\n1000-2000\n-\n\n"), IsEmpty());
}

TEST(Mapping, CutsHolesOutOfRanges) {
  EXPECT_THAT(Without({{0, 100}, {200, 300}}, {{10, 20}, {90, 210}, {299, 400}}),
              ElementsAre(Range{0, 10}, Range{20, 90}, Range{210, 299}));
}

TEST(Threads, TellTheirStackPointerWhileTheyWait) {
  Thread waits, runs;
  TakeSystemCall("232 0x4 0x7ffc10 0x20 0xffff 0x0 0x8 0x7ffcabc0 0x7f0012\n", waits);
  EXPECT_EQ(waits.stack_pointer, 0x7ffcabc0u);
  EXPECT_THAT(waits.registers, ElementsAre(4u, 0x7ffc10u, 0x20u, 0xffffu, 0u, 8u));
  TakeSystemCall("running\n", runs);
  EXPECT_FALSE(runs.stack_pointer);
}

TEST(KernelWords, ComeFromEpollAndTimers) {
  std::vector<KernelWord> words;
  TakeEpollData("pos:\t0\ntfd:        5 events:       19 data:     55f0a0b0c0d0  pos:0 ino:1\n",
                words);
  TakeTimerValues("ID: 0\nsignal: 14/0000555555559260\nnotify: signal/pid.77\n", words);
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[0].value, 0x55f0a0b0c0d0u);
  EXPECT_EQ(words[1].value, 0x555555559260u);
}

}  // namespace
}  // namespace leaktrack::witness
