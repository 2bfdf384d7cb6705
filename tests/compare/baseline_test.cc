// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leaktrack {
namespace {

using ::testing::HasSubstr;

constexpr char kTitle[] = "# leaktrack baseline, runs: 3\n";

std::string Refusal(const std::string& lines) {
  const absl::StatusOr<Baseline> baseline = ParseBaseline(kTitle + lines, "b.txt");
  return baseline.ok() ? "" : std::string(baseline.status().message());
}

TEST(BaselineTest, WhatIsWrittenIsReadBackWithItsComments) {
  const absl::StatusOr<Baseline> baseline = ParseBaseline(
      std::string(kTitle) +
          "# ticket 7\n# second line\n12 blocks, 4.1KiB per iteration: Registry::Add < main\n",
      "b.txt");
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_EQ(baseline->unit, "iteration");
  EXPECT_EQ(baseline->runs, 3u);
  const std::string text = FormatBaseline(*baseline);
  EXPECT_THAT(
      text,
      HasSubstr(
          "# ticket 7\n# second line\n12 blocks, 4.1 KiB per iteration: Registry::Add < main\n"));
  EXPECT_EQ(FormatBaseline(ParseBaseline(text, "b.txt").value()), text);
}

TEST(BaselineTest, WhatBecameOfBlocksAtExitIsReadBack) {
  const std::string text =
      "# leaktrack baseline, runs: 1, what was lost, every block\n"
      "3 blocks, 1 KiB per run, lost: A < main\n2 blocks, 2 KiB per run, reachable: A < main\n";
  const absl::StatusOr<Baseline> baseline = ParseBaseline(text, "b.txt");
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_EQ(baseline->mode, CountMode::kLost);
  EXPECT_EQ(baseline->entries.at({"A", "main"}).kept, KeptHow::kLost);
  EXPECT_EQ(baseline->reachable.at({"A", "main"}).bytes, 2048);
  const std::string written = FormatBaseline(*baseline);
  EXPECT_THAT(written, HasSubstr("3 blocks, 1 KiB per run, lost: A < main\n"));
  EXPECT_THAT(written, HasSubstr("2 blocks, 2 KiB per run, reachable: A < main\n"));
}

// Otherwise a committed baseline would drift with each writing although nothing has changed.
TEST(BaselineTest, WrittenSizesStayAsTheyAreWhenWrittenAgain) {
  for (int kib = 1; kib < 5000; ++kib) {
    const std::string line =
        std::to_string(kib) + " blocks, " + std::to_string(kib) + " KiB per run: A < main\n";
    const std::string once = FormatBaseline(ParseBaseline(kTitle + line, "b.txt").value());
    ASSERT_EQ(FormatBaseline(ParseBaseline(once, "b.txt").value()), once);
  }
}

TEST(BaselineTest, HowItWasMeasuredAndHowRunsDifferedIsReadBack) {
  const std::string text =
      "# leaktrack baseline, runs: 3, what grew, one in 16 KiB, freed 1.2 GiB\n"
      "12 blocks, 4.1 KiB +- 300 B per run, no leak yet: A < main\n"
      "3 blocks, 1 KiB +- 0 B per run: B < main\n4 blocks, 2 KiB per run: C < main\n";
  const absl::StatusOr<Baseline> baseline = ParseBaseline(text, "b.txt");
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_EQ(baseline->mode, CountMode::kGrown);
  EXPECT_EQ(baseline->interval, 16384);
  EXPECT_NEAR(baseline->freed_bytes, 1.2 * (1 << 30), 1);
  const BaselineEntry& a = baseline->entries.at({"A", "main"});
  EXPECT_EQ(a.deviation, 300);
  EXPECT_FALSE(a.leaks);
  EXPECT_EQ(baseline->entries.at({"B", "main"}).deviation, 0);
  EXPECT_TRUE(baseline->entries.at({"B", "main"}).leaks);
  EXPECT_EQ(baseline->entries.at({"C", "main"}).deviation, std::nullopt);
  const std::string written = FormatBaseline(*baseline);
  EXPECT_EQ(FormatBaseline(ParseBaseline(written, "b.txt").value()), written);
  EXPECT_THAT(written, HasSubstr("12 blocks, 4.1 KiB +- 300 B per run, no leak yet: A < main\n"));
}

TEST(BaselineTest, ATitleThatIsNotUnderstoodIsRefused) {
  const auto refusal = [](const char* title) {
    return std::string(ParseBaseline(title, "b.txt").status().message());
  };
  EXPECT_THAT(refusal("# leaktrack baseline, runs: 3, what shrank\n"), HasSubstr("'what shrank'"));
  EXPECT_THAT(refusal("# leaktrack baseline, runs: 0\n"), HasSubstr("b.txt:1: the first line"));
}

TEST(BaselineTest, OneBlockIsWrittenAndReadAsOne) {
  EXPECT_EQ(Refusal("1 block, 4 KiB per run: A < main\n"), "");
  const absl::StatusOr<Baseline> read =
      ParseBaseline(std::string(kTitle) + "1 blocks, 4 KiB per run: A < main\n", "b.txt");
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(FormatBaseline(*read), HasSubstr("1 block, 4 KiB per run"));
}

TEST(BaselineTest, LinesThatEndAsOnWindowsAreTheSame) {
  EXPECT_EQ(Refusal("12 blocks, 4 KiB per run: A < main\r\n\r\n"), "");
}

TEST(BaselineTest, WhatAMergeLeavesBehindIsRefusedWithItsLine) {
  EXPECT_THAT(Refusal("<<<<<<< HEAD\n"), HasSubstr("b.txt:2: expected 'N blocks"));
  EXPECT_THAT(Refusal("1 blocks, 1 KiB per run: A < main\n2 blocks, 2 KiB per run: A < main\n"),
              HasSubstr("b.txt:3: this site is already in the file"));
  EXPECT_THAT(
      Refusal("1 blocks, 1 KiB per run: A < main\n2 blocks, 2 KiB per iteration: B < main\n"),
      HasSubstr("b.txt:3: mixes"));
}

TEST(BaselineTest, ACountThatIsNoneIsRefused) {
  for (const char* count : {"nan", "inf", "-1", "many"})
    EXPECT_THAT(Refusal(std::string(count) + " blocks, 1 KiB per run: A < main\n"),
                HasSubstr("b.txt:2: expected 'N blocks"));
}

TEST(BaselineTest, AnEmptyFileIsNoBaseline) {
  EXPECT_THAT(std::string(ParseBaseline("\n \n", "b.txt").status().message()),
              HasSubstr("b.txt: is empty"));
}

}  // namespace
}  // namespace leaktrack
