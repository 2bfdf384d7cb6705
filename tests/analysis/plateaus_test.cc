// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/plateaus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analysis/process/memory_samples.h"

namespace leaktrack {
namespace {

using testing::kMiB;

SiteResult Site(double live_bytes, const std::string& caller = "Serve",
                const std::string& build_id = "ab12") {
  SiteResult site = testing::Growing(1e9);
  site.live_bytes = live_bytes;
  CallStack::Frames frames;
  for (const std::string& function :
       {std::string("malloc"), std::string("Cache::Fill(int)"), caller, std::string("main")}) {
    frames.push_back({function, "cache.cc", 7, "/bin/app", build_id, 0x10, false});
  }
  site.stack = frames;
  site.blame = 1;
  site.significant = true;
  site.leak_probability = .9;
  return site;
}

SiteResult Retracted(double bytes) {
  SiteResult site = Site(bytes);
  site.verdict = Verdict::kNone;
  site.state = State::kRetracted;
  site.plateau = Plateau{bytes, 7200};
  return site;
}

PlateauBook Learned(const SiteResult& site, double judged_seconds = 10000) {
  Analysis analysis;
  analysis.judged_seconds = judged_seconds;
  analysis.sites = {site};
  PlateauBook book;
  book.Learn(analysis, 1700000000);
  return book;
}

Verdict Held(const PlateauBook& book, SiteResult site) {
  std::vector<SiteResult> sites = {std::move(site)};
  HoldAtPlateaus(book, sites);
  return sites[0].verdict;
}

TEST(PlateausTest, ASiteAtOrBelowItsOldLevelIsWatchedAndSaysWhy) {
  const PlateauBook book = Learned(Retracted(100 * kMiB));
  std::vector<SiteResult> sites = {Site(60 * kMiB)};
  HoldAtPlateaus(book, sites);
  EXPECT_EQ(sites[0].verdict, Verdict::kWatch);
  ASSERT_TRUE(sites[0].evidence.earlier_run.has_value());
  EXPECT_EQ(sites[0].evidence.earlier_run->bytes, 100 * kMiB);
  EXPECT_EQ(sites[0].evidence.earlier_run->after_seconds, 7200);
  EXPECT_EQ(sites[0].settle.by, Settles::kAboveBytes);
  EXPECT_EQ(sites[0].settle.bytes, 100 * kMiB);
  EXPECT_NEAR(*sites[0].leak_probability, .31, .01) << "odds of 9 to 1, less twentyfold";
  EXPECT_EQ(Held(book, Site(101 * kMiB)), Verdict::kSuspect)
      << "above the level it is a leak again";
}

TEST(PlateausTest, AnotherBuildOrAnotherPathRemembersNothing) {
  const PlateauBook book = Learned(Retracted(100 * kMiB));
  EXPECT_EQ(Held(book, Site(60 * kMiB, "Serve", "cd34")), Verdict::kSuspect);
  EXPECT_EQ(Held(book, Site(60 * kMiB, "Reload")), Verdict::kSuspect);
  EXPECT_EQ(Held(book, Site(60 * kMiB, "Serve", "")), Verdict::kSuspect);
}

TEST(PlateausTest, LearnsWhatHasStoppedInARunThatWasLongEnoughAndNothingElse) {
  SiteResult full = Site(5 * kMiB);
  full.verdict = Verdict::kNone;
  full.trend = Trend::kPlateau;
  EXPECT_EQ(Learned(full).size(), 1u);
  EXPECT_TRUE(Learned(full, 60).empty());
  full.trend = Trend::kFlat;
  EXPECT_TRUE(Learned(full).empty());
  EXPECT_TRUE(Learned(Site(5 * kMiB)).empty());
  EXPECT_TRUE(Learned(Retracted(100)).empty()) << "too small to be worth a line";
}

TEST(PlateausTest, TheBookReadsBackAndTheHigherLevelStandsWhenTwoAreMerged) {
  PlateauBook book = PlateauBook::Parse(Learned(Retracted(100 * kMiB)).Text());
  EXPECT_EQ(book.Find(Site(1))->bytes, 100 * kMiB);
  EXPECT_EQ(book.Find(Site(1))->name, "Cache::Fill");
  book.Merge(Learned(Retracted(70 * kMiB)));
  EXPECT_EQ(book.Find(Site(1))->bytes, 100 * kMiB);
  book.Merge(Learned(Retracted(200 * kMiB)));
  EXPECT_EQ(book.Find(Site(1))->bytes, 200 * kMiB);
  EXPECT_EQ(book.size(), 1u);
}

TEST(PlateausTest, NonsenseInTheFileIsSkippedAndItsSizeIsBounded) {
  std::string text =
      "# leaktrack plateaus 1\nnonsense\nab12 zz 1 1 1 x\nAB 1 1 1 1 x\nab12 1 -5 1 1 x\nab12 1 "
      "nan 1 1 x\n"
      "ab12 1 5 1 1\n\x1b[31m 1 5 1 1 x\nab12 1 inf 1 1 x\nab12 1 5 inf 1 x\n";
  EXPECT_TRUE(PlateauBook::Parse(text).empty());
  for (int i = 0; i < 2000; ++i)
    text += "ab12 " + std::to_string(i + 1) + " 5 1 " + std::to_string(i) + " \x1b[31mx\n";
  const PlateauBook book = PlateauBook::Parse(text);
  EXPECT_EQ(book.size(), PlateauBook::kMostPlateaus);
  EXPECT_EQ(book.Text().find('\x1b'), std::string::npos);
  EXPECT_NE(book.Text().find(" 1999 "), std::string::npos) << "the latest stay";
}

}  // namespace
}  // namespace leaktrack
