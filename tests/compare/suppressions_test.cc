// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/suppressions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace leaktrack {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The cases of LeakSanitizer's own TemplateMatch.
TEST(PatternTest, MeansWhatLeakSanitizerMeans) {
  for (const auto& [pattern, text, found] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"foo", "foo", true},     {"foo", "xfoox", true},     {"^foo", "foobar", true},
           {"^foo", "xfoo", false},  {"foo$", "xfoo", true},     {"foo$", "foox", false},
           {"^foo$", "foo", true},   {"^foo$", "foofoo", false}, {"f*o", "fxxo", true},
           {"f*o", "xfxxoz", true},  {"^f*o$", "fxxo", true},    {"^f*o$", "fxxoz", false},
           {"*", "anything", true},  {"a*b*c", "a1b2c3", true},  {"a*c*b", "a1b2c3", false},
           {"foo$", "foofoo", true}, {"^a*a$", "a", false},      {"", "x", true},
           {"a**b", "ab", true},     {"^*x", "yx", true}}) {
    EXPECT_EQ(PatternFound(pattern, text), found) << pattern << " in " << text;
  }
}

std::vector<ResolvedFrame> Stack() {
  return {{"malloc", "", 0, "/lib/libc.so.6", "", 0, false},
          {"third::Party()", "/src/third/party.cc", 7, "/bin/app", "", 0, false}};
}

TEST(SuppressionsTest, FunctionFileAndModuleCover) {
  for (const char* line : {"leak:third::Party", "leak:/src/third/*.cc$", "leak:libc.so"}) {
    Suppressions suppressions;
    ASSERT_TRUE(suppressions.Add(line, "s").ok());
    EXPECT_TRUE(suppressions.Covers(Stack())) << line;
    EXPECT_THAT(suppressions.Unused(), IsEmpty());
  }
}

TEST(SuppressionsTest, WhatCoveredNothingIsNamedWithItsLine) {
  Suppressions suppressions;
  ASSERT_TRUE(suppressions.Add("# comment\n\nleak:^Nobody$\nleak:Party\n", "lsan.supp").ok());
  EXPECT_TRUE(suppressions.Covers(Stack()));
  EXPECT_THAT(suppressions.Unused(), ElementsAre("lsan.supp:3: leak:^Nobody$"));
}

TEST(SuppressionsTest, WhatTheRunTimesKeepByDesignIsCoveredAndNeverCalledUnused) {
  Suppressions suppressions;
  suppressions.AddBuiltIn();
  EXPECT_TRUE(
      suppressions.Covers({{"malloc", "", 0, "", "", 0, false},
                           {"_IO_file_doallocate", "", 0, "/lib/libc.so.6", "", 0, false}}));
  EXPECT_FALSE(suppressions.Covers(Stack()));
  EXPECT_THAT(suppressions.Unused(), IsEmpty());
}

TEST(SuppressionsTest, WhatTheRunTimesKeepIsWhatTheyAskedForThemselves) {
  const ResolvedFrame loader{"_dl_init", "", 0, "/lib64/ld-linux-x86-64.so.2", "", 0, false};
  const ResolvedFrame constructor{"Register()", "", 0, "/usr/lib/libplugin.so", "", 0, false};
  const ResolvedFrame malloc{"malloc", "", 0, "/lib/libc.so.6", "", 0, false};
  Suppressions suppressions;
  suppressions.AddBuiltIn();
  EXPECT_TRUE(suppressions.Covers({malloc, loader}));
  EXPECT_FALSE(suppressions.Covers({malloc, constructor, loader}))
      << "the loader only called the constructor that loses it";
}

TEST(SuppressionsTest, WhatAModuleBringsHoldsWhereItIsLoaded) {
  Suppressions suppressions;
  ASSERT_TRUE(suppressions.Add("leak:Party\n", "/bin/app's", "/bin/app").ok());
  EXPECT_TRUE(suppressions.HasOf("/bin/app"));
  EXPECT_FALSE(suppressions.Covers(Stack()));
  EXPECT_TRUE(suppressions.Covers(Stack(), {"/bin/app"}));
}

TEST(SuppressionsTest, OtherToolsLinesAreIgnoredWithANoteAndNonsenseIsRefused) {
  Suppressions suppressions;
  ASSERT_TRUE(suppressions.Add("race:Foo\r\n", "s").ok());
  EXPECT_THAT(suppressions.notes(), ElementsAre(HasSubstr("s:1: 'race:Foo' is not about leaks")));
  EXPECT_THAT(suppressions.Add("leak:x\nwhat is this", "s").message(),
              HasSubstr("s:2: 'what is this' is not a suppression"));
}

}  // namespace
}  // namespace leaktrack
