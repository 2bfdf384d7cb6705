// SPDX-License-Identifier: Apache-2.0
//
// The texts that the small programs beside this file return, including hostile files.
#include "tools/inspect/lsan_suppressions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace leaktrack {
namespace {

using ::testing::HasSubstr;

TEST(LsanSuppressionsTest, AConstantIsReadOffEveryWayToCompileIt) {
  for (const char* variant : {"O0", "O2", "O3_fp", "no_pie", "clang"}) {
    const absl::StatusOr<std::string> text =
        LsanDefaultSuppressions(std::string(LEAKTRACK_SUPPRESSING) + variant);
    ASSERT_TRUE(text.ok()) << variant << ": " << text.status();
    EXPECT_EQ(*text, "leak:ByDesign\nleak:*libthird*\n") << variant;
  }
}

TEST(LsanSuppressionsTest, AFunctionThatComputesIsRefusedAndNotGuessed) {
  const absl::StatusOr<std::string> text =
      LsanDefaultSuppressions(std::string(LEAKTRACK_SUPPRESSING) + "computed");
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("does more than return a constant"));
}

TEST(LsanSuppressionsTest, FilesThatDefineNoneSayNothing) {
  EXPECT_EQ(LsanDefaultSuppressions("/proc/self/exe").value(), "");
  EXPECT_EQ(LsanDefaultSuppressions("/etc/passwd").value(), "");
  EXPECT_EQ(LsanDefaultSuppressions("/no/such/file").value(), "");
  EXPECT_EQ(LsanDefaultSuppressions("/").value(), "");
}

TEST(LsanSuppressionsTest, DamagedFilesAreSurvived) {
  std::ifstream file(std::string(LEAKTRACK_SUPPRESSING) + "O2", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const std::string path =
      (std::filesystem::temp_directory_path() / ("leaktrack_lsan." + std::to_string(getpid())))
          .string();
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = whole;
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    for (int flips = 0; flips < 20 && !bytes.empty(); ++flips)
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    (void)LsanDefaultSuppressions(path);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace leaktrack
