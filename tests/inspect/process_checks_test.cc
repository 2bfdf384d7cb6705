// SPDX-License-Identifier: Apache-2.0
//
// What is said of processes: of real ones, and of facts that a test cannot bring about.
#include "tools/inspect/process_checks.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/inspect/helper_process.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using testing::HelperProcess;

const Finding& Of(const Findings& findings, const std::string& check) {
  static const Finding kNone;
  const auto found = std::ranges::find(findings, check, &Finding::check);
  EXPECT_NE(found, findings.end()) << check;
  return found == findings.end() ? kNone : *found;
}

ProcessFacts FactsOf(const HelperProcess& process) {
  EXPECT_TRUE(process.is_ready());
  return ReadProcessFacts(process.pid()).value();
}

class ProcessChecksTest : public ::testing::Test {
 protected:
  const HelperProcess shell_{std::vector<std::string>{}};
  ProcessFacts facts_ = FactsOf(shell_);
};

TEST_F(ProcessChecksTest, EachCheckSpeaksOnceAndWhatIsNotWellHasARemedy) {
  const Findings findings = CheckProcess(facts_);
  std::set<std::string> checks;
  for (const Finding& one : findings) {
    EXPECT_TRUE(checks.insert(one.check).second) << one.check;
    EXPECT_FALSE(one.what.empty());
    EXPECT_FALSE(one.level >= Level::kWarning && one.remedy.empty()) << one.what;
  }
  for (const char* check : {"tracked", "architecture", "linkage", "libc", "sanitizer", "secure",
                            "seccomp", "output", "recorder", "kernel", "access"})
    EXPECT_TRUE(checks.contains(check)) << check;
}

TEST_F(ProcessChecksTest, AProcessThatRunsUntrackedIsToldHowToBeTracked) {
  const Findings findings = CheckProcess(facts_);
  const Finding& tracked = Of(findings, "tracked");
  EXPECT_EQ(tracked.level, Level::kNote);
  EXPECT_THAT(tracked.what, HasSubstr("is not tracked: "));
  EXPECT_THAT(tracked.remedy, HasSubstr("leaktrack run"));
}

TEST_F(ProcessChecksTest, APreloadThatWasIgnoredIsNotOneThatWorks) {
  const HelperProcess asked({"LD_PRELOAD=/no/such/libleaktrack.so"});
  EXPECT_EQ(Of(CheckProcess(FactsOf(asked)), "tracked").level, Level::kWarning);
  facts_.libraries.push_back("/opt/lib/libleaktrack.so");
  facts_.output = "/captures";
  const Findings findings = CheckProcess(facts_);
  EXPECT_EQ(Of(findings, "tracked").level, Level::kOk);
  EXPECT_THAT(Of(findings, "tracked").what, HasSubstr("captures go to /captures"));
}

TEST_F(ProcessChecksTest, RaisedRightsForbidAPreload) {
  facts_.secure = true;
  EXPECT_EQ(Of(CheckProcess(facts_), "secure").level, Level::kBlocker);
}

TEST_F(ProcessChecksTest, ASanitizerThatIsLoadedSaysMoreThanTheFile) {
  EXPECT_EQ(Of(CheckProcess(facts_), "sanitizer").level, Level::kOk);
  facts_.libraries.push_back("/usr/lib/x86_64-linux-gnu/libtsan.so.2");
  const Findings findings = CheckProcess(facts_);
  EXPECT_EQ(Of(findings, "sanitizer").level, Level::kBlocker);
  EXPECT_THAT(Of(findings, "sanitizer").what, HasSubstr("libtsan.so"));
}

TEST_F(ProcessChecksTest, SeccompModesAreToldApart) {
  const auto said = [this](int mode, pid_t parent) {
    facts_.seccomp = mode;
    facts_.parent = parent;
    const Findings findings = CheckProcess(facts_);
    return Of(findings, "seccomp").what;
  };
  EXPECT_THAT(said(0, getpid()), HasSubstr("no seccomp filter"));
  EXPECT_THAT(said(1, getpid()), HasSubstr("strict seccomp mode"));
  // This test runs under a filter, or not: the parent of the process decides.
  EXPECT_THAT(said(2, getpid()),
              HasSubstr(SeccompMode(getpid()) == 2 ? "was there before" : "installs a seccomp"));
}

TEST_F(ProcessChecksTest, WhatCouldNotBeReadIsSaid) {
  EXPECT_EQ(Of(CheckProcess(facts_), "access").level, Level::kOk);
  facts_.readable = false;
  const Findings findings = CheckProcess(facts_);
  EXPECT_EQ(Of(findings, "access").level, Level::kNote);
  EXPECT_THAT(Of(findings, "access").what, HasSubstr("belongs to another user"));
}

}  // namespace
}  // namespace leaktrack
