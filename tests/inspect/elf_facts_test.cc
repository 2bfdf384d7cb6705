// SPDX-License-Identifier: Apache-2.0
//
// Facts read from a program's file, including hostile files. e2e/commands/doctor_test.py covers
// real variants of programs.
#include "tools/inspect/elf_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace leaktrack {
namespace {

std::string Contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ElfFactsTest : public ::testing::Test {
 protected:
  ElfFacts Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    return ReadElfFacts(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }
  const std::string path_ =
      (std::filesystem::temp_directory_path() / ("leaktrack_elf." + std::to_string(getpid())))
          .string();
};

TEST_F(ElfFactsTest, ThisProgramIsWhatItIs) {
  const ElfFacts facts = ReadElfFacts("/proc/self/exe");
  EXPECT_TRUE(facts.is_elf && facts.is_64_bit && facts.is_x86_64 && facts.has_symtab &&
              facts.has_debug_info);
  EXPECT_EQ(facts.loader, "/lib64/ld-linux-x86-64.so.2");
  EXPECT_NE(std::find(facts.needed.begin(), facts.needed.end(), "libc.so.6"), facts.needed.end());
  EXPECT_FALSE(facts.is_go);
}

TEST_F(ElfFactsTest, WhatIsNoFileOrNoElfHasNoFacts) {
  EXPECT_FALSE(ReadElfFacts("/dev/zero").is_elf);
  EXPECT_FALSE(ReadElfFacts("/no/such/file").is_elf);
  EXPECT_FALSE(Read("#!/bin/sh\n").is_elf);
  EXPECT_FALSE(Read("").is_elf);
}

TEST_F(ElfFactsTest, ACutOrDamagedFileIsSurvived) {
  const std::string whole = Contents(LEAKTRACK_SMALL_PROGRAM);
  ASSERT_TRUE(Read(whole).is_elf);
  for (size_t size = 0; size < whole.size(); size += size < 1024 ? 1 : 2039)
    (void)Read(whole.substr(0, size));
  std::mt19937 random(20);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = whole;
    const size_t within = round % 2 == 0 ? 1024 : damaged.size();
    for (int flips = 0; flips < 4; ++flips)
      damaged[random() % within] = static_cast<char>(random());
    (void)Read(damaged);
  }
}

}  // namespace
}  // namespace leaktrack
