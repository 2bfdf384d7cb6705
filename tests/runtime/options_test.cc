// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/options.h"

#include <gtest/gtest.h>

#include <string>

namespace leaktrack::track {
namespace {

TEST(OptionsTest, AnEmptyEnvironmentGivesTheDefaults) {
  const Options options = ReadOptions(nullptr);
  EXPECT_EQ(options.interval_bytes, kAutoInterval);
  EXPECT_STREQ(options.out_directory, "");
  EXPECT_FALSE(options.use_libunwind);
  EXPECT_TRUE(options.use_thread);
  EXPECT_STREQ(options.problem, "");
}

TEST(OptionsTest, ReadsEveryVariable) {
  const char* environment[] = {"PATH=/bin",
                               "LEAKTRACK_OUT=/var/tmp",
                               "LEAKTRACK_INTERVAL=512KiB",
                               "LEAKTRACK_UNWINDER=libunwind",
                               "LEAKTRACK_THREAD=0",
                               nullptr};
  const Options options = ReadOptions(environment);
  EXPECT_STREQ(options.out_directory, "/var/tmp");
  EXPECT_EQ(options.interval_bytes, 512u * 1024);
  EXPECT_TRUE(options.use_libunwind);
  EXPECT_FALSE(options.use_thread);
  EXPECT_STREQ(options.problem, "");
}

TEST(OptionsTest, ExactIsAnIntervalOfOneByte) {
  const char* environment[] = {"LEAKTRACK_INTERVAL=exact", nullptr};
  EXPECT_EQ(ReadOptions(environment).interval_bytes, kExactInterval);
}

TEST(OptionsTest, ReadsWhatBelongsToATree) {
  const char* environment[] = {"LEAKTRACK_CHILDREN=worker*", "LEAKTRACK_BIRTH=early",
                               "LEAKTRACK_RUN=0000004711", nullptr};
  const Options options = ReadOptions(environment);
  EXPECT_STREQ(options.children, "worker*");
  EXPECT_TRUE(options.born_early);
  EXPECT_EQ(options.run_pid, 4711u);
  EXPECT_STREQ(options.problem, "");
  const char* all[] = {"LEAKTRACK_CHILDREN=all", "LEAKTRACK_BIRTH=late", nullptr};
  EXPECT_STREQ(ReadOptions(all).children, "");
  EXPECT_FALSE(ReadOptions(all).born_early);
}

TEST(OptionsTest, APatternThatIsTooLongIsRefused) {
  const std::string pattern = "LEAKTRACK_CHILDREN=" + std::string(64, 'a');
  const char* environment[] = {pattern.c_str(), nullptr};
  const Options options = ReadOptions(environment);
  EXPECT_STREQ(options.children, "");
  EXPECT_NE(std::string(options.problem).find("LEAKTRACK_CHILDREN"), std::string::npos);
}

TEST(OptionsTest, APatternHasStarsAndQuestionMarks) {
  for (const char* pattern : {"*", "worker", "w*", "*r", "w*k*r", "??????", "w?rk*", "*worker*"})
    EXPECT_TRUE(MatchesPattern("worker", pattern)) << pattern;
  for (const char* pattern : {"", "work", "orker", "?", "*x*", "worker?", "w*d", "WORKER"})
    EXPECT_FALSE(MatchesPattern("worker", pattern)) << pattern;
  EXPECT_TRUE(MatchesPattern("", "*"));
  EXPECT_FALSE(MatchesPattern("", "?"));
}

TEST(OptionsTest, AValueThatIsNotUnderstoodIsNamedAndTheDefaultUsed) {
  const char* environment[] = {"LEAKTRACK_INTERVAL=often", nullptr};
  const Options options = ReadOptions(environment);
  EXPECT_EQ(options.interval_bytes, kAutoInterval);
  EXPECT_NE(std::string(options.problem).find("LEAKTRACK_INTERVAL=often"), std::string::npos);
  EXPECT_EQ(std::string(options.problem).find('\n'), std::string(options.problem).size() - 1)
      << "one line";
}

TEST(OptionsTest, ADirectoryThatDoesNotFitIsRefusedNotCut) {
  const std::string entry = "LEAKTRACK_OUT=/" + std::string(2000, 'x');
  const char* environment[] = {entry.c_str(), nullptr};
  const Options options = ReadOptions(environment);
  EXPECT_STREQ(options.out_directory, "");
  EXPECT_NE(std::string(options.problem), "");
}

TEST(OptionsTest, AVariableWhoseNameOnlyBeginsAlikeIsNotOurs) {
  const char* environment[] = {"LEAKTRACK_OUTER=/x", "LEAKTRACK_OUT", nullptr};
  EXPECT_STREQ(ReadOptions(environment).out_directory, "");
}

TEST(ParseSizeTest, KnowsBinaryUnitsAndNothingElse) {
  EXPECT_EQ(ParseSize("4096"), 4096u);
  EXPECT_EQ(ParseSize("16KiB"), 16u * 1024);
  EXPECT_EQ(ParseSize("2MiB"), 2u << 20);
  EXPECT_EQ(ParseSize("1GiB"), 1u << 30);
  EXPECT_EQ(ParseSize("1TiB"), uint64_t{1} << 40);
  for (const char* bad :
       {"", "KiB", "-1", "1.5MiB", "16kb", "99999999999999999999", "0", "17592186044417MiB"}) {
    EXPECT_EQ(ParseSize(bad), 0u) << bad;
  }
}

TEST(OptionsTest, WhatAComplaintRepeatsCannotReprogramTheTerminal) {
  const char* environment[] = {
      "LEAKTRACK_INTERVAL=\x1b[31m\xc2\x9b"
      "1m\xe2\x80\xae\x7f J\xc3\xbcrgen",
      nullptr};
  const std::string problem = ReadOptions(environment).problem;
  EXPECT_NE(problem.find("LEAKTRACK_INTERVAL=?[31m?1m?? J\xc3\xbcrgen is not"), std::string::npos)
      << problem;
}

}  // namespace
}  // namespace leaktrack::track
