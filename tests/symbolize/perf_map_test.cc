// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/perf_map.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace leaktrack {
namespace {

TEST(PerfMapTest, NamesTheCodeThatAnAddressLiesIn) {
  const PerfMap map =
      PerfMap::Parse("1000 20 JS:~f x.js:1\n0x2000 0x10 LazyCompile:*g (anonymous)\n");
  EXPECT_EQ(map.NameOf(0x1000), "JS:~f x.js:1");
  EXPECT_EQ(map.NameOf(0x101f), "JS:~f x.js:1");
  EXPECT_EQ(map.NameOf(0x1020), "");
  EXPECT_EQ(map.NameOf(0xfff), "");
  EXPECT_EQ(map.NameOf(0x2008), "LazyCompile:*g (anonymous)");
}

TEST(PerfMapTest, WhatWasMadeLaterStandsInPlaceOfWhatItOverlaps) {
  const PerfMap map = PerfMap::Parse("1000 100 old\n1100 100 old too\n10f0 20 new\n");
  EXPECT_EQ(map.NameOf(0x1000), "");  // nobody knows how much of the old code is left
  EXPECT_EQ(map.NameOf(0x10f8), "new");
  EXPECT_EQ(map.NameOf(0x1105), "new");
  EXPECT_EQ(map.NameOf(0x1180), "");
}

TEST(PerfMapTest, AnyTextIsLegal) {
  const PerfMap map = PerfMap::Parse(
      "\n \nzz 10 a\n10\n10 20\n10 20 \n10 0 none\nffffffffffffffff 10 wraps\n12345678901234567890 "
      "1 long\n30 8 ok");
  EXPECT_EQ(map.NameOf(0x30), "ok");
  EXPECT_EQ(map.NameOf(0x10), "");
  EXPECT_TRUE(PerfMap::Parse("").empty());
}

TEST(PerfMapTest, OfWhatIsNotAskedForNothingIsKeptAndTheRestReadsTheSame) {
  const std::string text =
      "1000 100 old\n1100 100 old too\n10f0 20 new\n5000 10 other\n9000 10 more";
  const PerfMap all = PerfMap::Parse(text);
  const std::vector<uint64_t> wanted = {0x1005, 0x1105, 0x9008};
  PerfMap some;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n')))
    some.Add(line, wanted);
  for (const uint64_t address : wanted)
    EXPECT_EQ(some.NameOf(address), all.NameOf(address)) << address;
  EXPECT_EQ(some.size(), 2u);
}

class PerfMapFileTest : public ::testing::Test {
 protected:
  void SetUp() override { unlink(path_.c_str()); }
  void TearDown() override { unlink(path_.c_str()); }
  std::string NameIn(const PerfMapOrigin& origin) const {
    return ReadPerfMap(path_, origin, wanted_).NameOf(0x10);
  }

  const std::string path_ = ::testing::TempDir() + "/perf-" + std::to_string(getpid()) + ".map";
  const std::vector<uint64_t> wanted_ = {0x10};
  const int64_t now_ = time(nullptr);
};

TEST_F(PerfMapFileTest, AMapOfAnEarlierOrLaterProcessWithThisNumberIsNotUsed) {
  std::ofstream(path_) << "10 10 f\n";
  EXPECT_EQ(NameIn({geteuid(), now_ - 60, now_ + 60}), "f");
  EXPECT_EQ(NameIn({geteuid(), now_ - 60}), "f") << "it still runs";
  EXPECT_EQ(NameIn({geteuid(), now_ + 60}), "");
  EXPECT_EQ(NameIn({geteuid(), now_ - 120, now_ - 60}), "");
}

TEST_F(PerfMapFileTest, AMapOfAnotherUserIsNotUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  std::ofstream(path_) << "10 10 f\n";
  ASSERT_EQ(chown(path_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(NameIn({0}), "");
  EXPECT_EQ(NameIn({65533}), "");
  EXPECT_EQ(NameIn({65534}), "f");
}

TEST_F(PerfMapFileTest, WhatIsNoRegularFileIsNotOpened) {
  EXPECT_EQ(NameIn({geteuid()}), "") << "none there";
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(NameIn({geteuid()}), "");
  unlink(path_.c_str());
  std::ofstream(path_ + ".target") << "10 10 f\n";
  ASSERT_EQ(symlink((path_ + ".target").c_str(), path_.c_str()), 0);
  EXPECT_EQ(NameIn({geteuid()}), "");
  unlink((path_ + ".target").c_str());
}

// A line of 100 MB would take as much memory, and a million other lines as much again.
TEST_F(PerfMapFileTest, LinesOfAnyLengthAndNumberAreReadOneByOne) {
  std::ofstream file(path_);
  file << "10 10 " << std::string(200'000, 'x') << "\n";
  for (int i = 0; i < 30'000; ++i)
    file << std::hex << 0x1000 + 16 * i << " 10 Unwanted" << i << "\n";
  file << "20 8 last" << std::flush;
  const std::vector<uint64_t> wanted = {0x10, 0x20};
  const PerfMap map = ReadPerfMap(path_, {geteuid()}, wanted);
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map.NameOf(0x20), "last");
  EXPECT_LE(map.NameOf(0x10).size(), 4096u);
  EXPECT_GE(map.NameOf(0x10).size(), 4000u);
}

}  // namespace
}  // namespace leaktrack
