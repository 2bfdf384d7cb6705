// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/site_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tools/report/words/doubt_words.h"
#include "tools/report/words/fill.h"
#include "tools/report/words/memory_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/trend_words.h"

namespace leaktrack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kMiB = 1 << 20;
constexpr RunTimes kRun{int64_t{1700042400} * 1'000'000'000, 3600, false};  // from 10:00 on

// Numbers are those of the enumeration, without a gap.
std::vector<Trend> AllTrends() {
  std::vector<Trend> trends;
  for (uint8_t i = 0; WordsOf(static_cast<Trend>(i)).name != nullptr; ++i)
    trends.push_back(static_cast<Trend>(i));
  return trends;
}

SiteResult Growing(Trend trend) {
  SiteResult site;
  site.verdict = Verdict::kSuspect;
  site.trend = trend;
  site.growth = Rate{26 * 60 * kMiB, 24 * 60 * kMiB, 28 * 60 * kMiB};
  site.doubling_seconds = 90;
  site.evidence.channel = Channel::kImmortals;
  site.evidence.born_alive = 285;
  site.evidence.old_age_seconds = 3;
  site.evidence.since_seconds = 60;
  site.evidence.tooth_bytes = 40 * kMiB;
  return site;
}

TEST(SiteWordsTest, EveryTrendHasWordsWithoutABlankLeft) {
  EXPECT_EQ(AllTrends().size(), static_cast<size_t>(Trend::kPeriodic) + 1);
  for (const Trend trend : AllTrends()) {
    SiteResult site = Growing(trend);
    EXPECT_THAT(EvidenceText(site, kRun), AllOf(HasSubstr("are alive"), Not(HasSubstr("{"))));
    site.verdict = Verdict::kNone;
    EXPECT_THAT(EvidenceText(site, kRun), AllOf(HasSubstr(" "), Not(HasSubstr("{"))))
        << Name(trend);
  }
}

TEST(SiteWordsTest, TheReasonIsTheEvidenceWithoutTheRate) {
  SiteResult site = Growing(Trend::kLinear);
  const std::string reason = ReasonText(site, kRun), evidence = EvidenceText(site, kRun);
  EXPECT_THAT(reason, ::testing::StartsWith("285 sampled blocks"));
  EXPECT_THAT(evidence, ::testing::StartsWith("+26 MiB/min since 10:01"));
  EXPECT_THAT(evidence, ::testing::EndsWith(reason));
  site.state = State::kConfirmed;
  EXPECT_THAT(EvidenceText(site, kRun), HasSubstr("confirmed"));
}

TEST(SiteWordsTest, OnlyWhatIsKnownIsSaid) {
  SiteResult site = Growing(Trend::kExponential);
  EXPECT_THAT(ReasonText(site, kRun), HasSubstr("doubling every 1m 30s"));
  site.trend = Trend::kLinear;
  EXPECT_THAT(ReasonText(site, kRun), Not(HasSubstr("doubling")));
  EXPECT_THAT(ReasonText(site, kRun), Not(HasSubstr(" of 512 B to")));
  site.evidence.size_from = 512, site.evidence.size_to = 1024;
  EXPECT_THAT(ReasonText(site, kRun), HasSubstr(" of 512 B to 1 KiB"));
  site.late_onset_seconds = 1800;
  EXPECT_THAT(ReasonText(site, kRun), HasSubstr("since 10:30"));
  EXPECT_THAT(ReasonText(site, {0, 3600, false}), HasSubstr("since 30m after the start"));
}

TEST(SiteWordsTest, APartOfARunAndAnExitAndAnEarlierRunAreNamed) {
  SiteResult site = Growing(Trend::kLinear);
  EXPECT_THAT(ReasonText(site, {0, 3600, true}), HasSubstr("in this window"));
  site.freed_at_exit = true;
  EXPECT_THAT(ReasonText(site, kRun), HasSubstr("freed when the program ended"));
  site.evidence.earlier_run = Plateau{100 * kMiB, 7200};
  EXPECT_THAT(ReasonText(site, kRun), HasSubstr("it stopped growing at 100 MiB, 2h"));
}

TEST(SiteWordsTest, AQueueThatFallsBehindDoesNotContradictItself) {
  SiteResult site = Growing(Trend::kBacklog);
  site.evidence.channel = Channel::kBacklog;
  site.evidence.backlog = BacklogFacts{4, 5};
  EXPECT_THAT(ReasonText(site, kRun), HasSubstr("at first 4s, by now 5s or more"));
  site.evidence.backlog = BacklogFacts{51.1, 51.3};
  EXPECT_THAT(ReasonText(site, kRun), Not(HasSubstr("at first")));
}

TEST(SiteWordsTest, TheGlossaryKnowsEveryTermAndEachHasAMeaning) {
  size_t terms = 0;
  for (const GlossaryPart& part : Glossary()) {
    for (const Term& term : part.terms) EXPECT_STRNE(term.meaning, "") << term.name;
    terms += part.terms.size();
  }
  EXPECT_EQ(terms, 4u + 3u + 15u + 6u + 4u);
}

TEST(SiteWordsTest, WhatWasTakenBackSaysWhereItStopped) {
  SiteResult site = Growing(Trend::kPlateau);
  site.verdict = Verdict::kNone;
  site.state = State::kRetracted;
  site.plateau = Plateau{14 * kMiB, 1800};
  EXPECT_THAT(EvidenceText(site, kRun), AllOf(HasSubstr("14 MiB"), HasSubstr("30m")));
}

TEST(SiteWordsTest, EachWayToSettleHasItsWords) {
  SiteResult site;
  EXPECT_EQ(SettleText(site), "");
  site.settle = {Settles::kConfirmingRun, 4 * 3600};
  EXPECT_EQ(SettleText(site), "") << "a verdict that stands has no second opinion beside it";
  site.settle = {Settles::kMoreBlocks, 240};
  EXPECT_THAT(SettleText(site), HasSubstr("4m"));
  site.settle = {Settles::kAboveBytes, 0, 100 * kMiB};
  EXPECT_THAT(SettleText(site), HasSubstr("beyond 100 MiB"));
}

TEST(MemoryWordsTest, TheClassAndItsFiguresMakeTheSentence) {
  MemoryResult memory;
  EXPECT_EQ(MemoryText(memory), "");
  memory.rss_growth = memory.heap_growth = Rate{2, 1, 3};
  memory.rss_bytes = 1 << 20;
  EXPECT_THAT(MemoryText(memory), HasSubstr("no single place"));
  memory.memory_class = MemoryClass::kMappings;
  memory.threads = 300;
  EXPECT_THAT(MemoryText(memory), HasSubstr("300 threads"));
  memory.memory_class = MemoryClass::kRetention;
  memory.allocator = capture::Allocator::kJemalloc;
  memory.retained_bytes = 360 * kMiB;
  EXPECT_THAT(MemoryText(memory), HasSubstr("jemalloc keeps 360 MiB"));
}

TEST(DoubtWordsTest, NamesFromTheProgramAreMadeSafe) {
  EXPECT_EQ(DoubtText({}), "");
  EXPECT_THAT(DoubtText({Doubt::kBecameUntracked, 0, 2, "/bin/\x1b[31m"}),
              AllOf(HasSubstr("ran untracked"), Not(HasSubstr("\x1b"))));
}

TEST(FillTest, ValuesAreNotLookedAtAgainAndTextWithoutBlanksStays) {
  const auto twice = [](std::string_view name) { return "{" + std::string(name) + "}"; };
  EXPECT_EQ(Fill("a {b} c {d}", twice), "a {b} c {d}");
  EXPECT_EQ(Fill("plain", twice), "plain");
  EXPECT_EQ(Fill("open {b", twice), "open {b");
}

}  // namespace
}  // namespace leaktrack
