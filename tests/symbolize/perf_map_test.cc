// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/perf_map.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>

namespace leaktrack {
namespace {

TEST(PerfMapTest, NamesTheCodeThatAnAddressLiesIn) {
  const PerfMap map = PerfMap::Parse("1000 20 JS:~f x.js:1\n0x2000 0x10 LazyCompile:*g (anonymous)\n");
  EXPECT_EQ(map.NameOf(0x1000), "JS:~f x.js:1");
  EXPECT_EQ(map.NameOf(0x101f), "JS:~f x.js:1");
  EXPECT_EQ(map.NameOf(0x1020), "");
  EXPECT_EQ(map.NameOf(0xfff), "");
  EXPECT_EQ(map.NameOf(0x2008), "LazyCompile:*g (anonymous)");
}

TEST(PerfMapTest, WhatWasMadeLaterStandsInPlaceOfWhatItOverlaps) {
  const PerfMap map = PerfMap::Parse("1000 100 old\n1100 100 old too\n10f0 20 new\n");
  EXPECT_EQ(map.NameOf(0x1000), "");  // of what is gone nobody knows how much is left
  EXPECT_EQ(map.NameOf(0x10f8), "new");
  EXPECT_EQ(map.NameOf(0x1105), "new");
  EXPECT_EQ(map.NameOf(0x1180), "");
}

TEST(PerfMapTest, AnyTextIsLegal) {
  const PerfMap map = PerfMap::Parse("\n \nzz 10 a\n10\n10 20\n10 20 \n10 0 none\nffffffffffffffff 10 wraps\n12345678901234567890 1 long\n30 8 ok");
  EXPECT_EQ(map.NameOf(0x30), "ok");
  EXPECT_EQ(map.NameOf(0x10), "");
  EXPECT_TRUE(PerfMap::Parse("").empty());
}

TEST(PerfMapTest, AMapOfAnEarlierProcessWithThisNumberIsNotUsed) {
  const std::string path = ::testing::TempDir() + "/perf-4711.map";
  std::ofstream(path) << "10 10 f\n";
  EXPECT_FALSE(ReadPerfMap(path, time(nullptr) - 60).empty());
  EXPECT_TRUE(ReadPerfMap(path, time(nullptr) + 60).empty());
  EXPECT_TRUE(ReadPerfMap(path + ".gone", 0).empty());
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(ReadPerfMap(path, 0).empty());
  unlink(path.c_str());
}

}  // namespace
}  // namespace leaktrack
