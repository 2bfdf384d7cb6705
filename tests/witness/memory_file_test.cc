// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

namespace leaktrack::witness {
namespace {

RunMemory Sample() {
  RunMemory memory;
  memory.run_id = 0xfedcba9876543210;
  memory.moment = LookMoment::kExit;
  memory.looks = 2;
  memory.at_seconds = 3.5;
  SiteMemory site;
  site.site = 17;
  site.objects = 30;
  site.bytes = 1200;
  site.lost_objects = 29;
  site.lost_bytes = 1160;
  site.memory = {MemoryVerdict::kLost, 30, 29, 0, 28, 1, 1, 12, 2, 0, "", {}};
  site.memory.holders.push_back({HolderKind::kGlobal, "g_sessions", "/bin/app", 0, .9});
  site.memory.holders.push_back({HolderKind::kHeap, "", "", 4, .5});
  memory.sites.push_back(site);
  memory.lost = {{17, 1, 40}, {0, 1, 24}};
  memory.holds = {{0, 1}};
  return memory;
}

TEST(MemoryFileTest, WhatIsWrittenIsReadBack) {
  const std::string path = ::testing::TempDir() + "/a.ltk";
  ASSERT_TRUE(WriteMemoryFile(path, Sample()).ok());
  const std::optional<RunMemory> read = ReadMemoryFile(path, Sample().run_id);
  ASSERT_TRUE(read);
  EXPECT_EQ(MemoryText(*read), MemoryText(Sample()));
  ASSERT_EQ(read->sites.size(), 1u);
  EXPECT_EQ(read->sites[0].memory.looks, 2);
  EXPECT_EQ(read->sites[0].memory.holders[1].site, 4u);
  EXPECT_EQ(read->sites[0].memory.verdict, MemoryVerdict::kLost);
}

TEST(MemoryFileTest, AFileOfAnotherRunIsNone) {
  const std::string path = ::testing::TempDir() + "/b.ltk";
  ASSERT_TRUE(WriteMemoryFile(path, Sample()).ok());
  EXPECT_FALSE(ReadMemoryFile(path, 1));
  EXPECT_FALSE(ReadMemoryFile(path + ".missing", Sample().run_id));
}

// Cut anywhere and changed anywhere: read as what can be understood, or as no file.
TEST(MemoryFileTest, AnyTextIsLegal) {
  const std::string text = MemoryText(Sample());
  for (size_t i = 0; i < text.size(); ++i) {
    (void)ParseMemory(text.substr(0, i));
    std::string changed = text;
    changed[i] = changed[i] == '9' ? '-' : '9';
    const std::optional<RunMemory> memory = ParseMemory(changed);
    if (!memory) continue;
    for (const auto& [from, to] : memory->holds) {
      EXPECT_LT(from, memory->lost.size());
      EXPECT_LT(to, memory->lost.size());
    }
    for (const SiteMemory& site : memory->sites) EXPECT_LE(site.memory.lost, site.memory.examined);
  }
  EXPECT_FALSE(ParseMemory("[]"));
  EXPECT_FALSE(ParseMemory("{\"schema\":2}"));
}

}  // namespace
}  // namespace leaktrack::witness
