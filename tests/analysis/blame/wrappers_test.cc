// SPDX-License-Identifier: Apache-2.0
//
// Each line of the table of known code, by its example.
#include "tools/analysis/blame/wrappers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/known_code.h"

namespace leaktrack {
namespace {

ResolvedFrame In(const std::string& module, const std::string& function) {
  ResolvedFrame frame;
  frame.function = function;
  frame.module = module;
  return frame;
}

ResolvedFrame Known(const KnownCode& line) {
  const bool is_file = line.as >= KnownAs::kRuntimeFile;
  return is_file ? In("/opt/app/lib/" + std::string(line.example), "Call")
                 : In("/opt/app/bin/app", std::string(line.example));
}

std::string Blamed(const CallStack& stack) {
  return stack[BlameIndex(stack, {}, OwnCode("/opt/app/bin/app"))].function;
}

class EachLine : public ::testing::TestWithParam<KnownCode> {};

TEST_P(EachLine, MatchesItsExampleAndNothingShorter) {
  const KnownCode& line = GetParam();
  EXPECT_FALSE(line.owner.empty());
  EXPECT_TRUE(MatchesPattern(line.example, line.pattern)) << line.example;
  EXPECT_FALSE(MatchesPattern("x" + std::string(line.example), line.pattern) &&
               !line.pattern.starts_with('*'));
  EXPECT_FALSE(MatchesPattern(line.pattern.substr(0, 1), line.pattern) && line.pattern.size() > 2);
}

TEST_P(EachLine, IsNeverBlamedBeforeWhoCalledIt) {
  const KnownCode& line = GetParam();
  const CallStack stack = {In("/lib/x86_64-linux-gnu/libc.so.6", "malloc"), Known(line),
                           In("/opt/app/bin/app", "Remember"), In("/opt/app/bin/app", "main")};
  if (line.as == KnownAs::kLoop) {
    // Whoever waits in a loop has not asked for what the loop's library allocates.
    EXPECT_EQ(Blamed({In("/usr/lib/libother.so.1", "Internal"), Known(line),
                      In("/opt/app/bin/app", "Remember")}),
              "Internal");
    EXPECT_TRUE(IsLoopName(line.example));
    return;
  }
  EXPECT_EQ(Blamed(stack), "Remember");
}

TEST_P(EachLine, HelpersOfAnAllocatorGoWithIt) {
  const KnownCode& line = GetParam();
  if (line.as != KnownAs::kAllocator && line.as != KnownAs::kFamily) return;
  EXPECT_EQ(Blamed({In("/lib/libc.so.6", "malloc"), In("/opt/app/bin/app", "Helper"), Known(line),
                    In("/opt/app/bin/app", "Remember")}),
            "Remember");
}

std::string NameOf(const ::testing::TestParamInfo<KnownCode>& info) {
  std::string name = std::to_string(info.index) + "_";
  for (const char c : info.param.pattern)
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, EachLine,
                         ::testing::ValuesIn(KnownCodeTable().begin(), KnownCodeTable().end()),
                         NameOf);

TEST(WrapperTableTest, NoLineStandsTwice) {
  std::set<std::pair<KnownAs, std::string_view>> seen;
  for (const KnownCode& line : KnownCodeTable())
    EXPECT_TRUE(seen.emplace(line.as, line.pattern).second) << line.pattern;
}

TEST(WrapperTableTest, NoLineIsCoveredByAWiderOneOfItsKind) {
  for (const KnownCode& wide : KnownCodeTable()) {
    if (wide.pattern.find('*') != wide.pattern.size() - 1) continue;
    for (const KnownCode& line : KnownCodeTable()) {
      EXPECT_FALSE(line.as == wide.as && line.pattern != wide.pattern &&
                   MatchesPattern(line.pattern, wide.pattern))
          << line.pattern << " by " << wide.pattern;
    }
  }
}

TEST(WrapperTableTest, CopiesAndPiecesOfAFunctionAreThatFunction) {
  for (const char* name : {"dbMallocRawFinish.part.0", "g_list_append.constprop.0.isra.0",
                           "palloc.cold", "std::vector<int>::push_back(int) [clone .isra.0]"})
    EXPECT_TRUE(IsWrapperName(QualifiedName(name))) << name;
  EXPECT_TRUE(IsLoopName("g_main_dispatch.isra.0"));
  EXPECT_FALSE(IsWrapperName("main.(*Server).Keep"));
  EXPECT_EQ(WithoutCloneMarks("main.coldStart"), "main.coldStart");
  EXPECT_EQ(WithoutCloneMarks("Parse.cold.3"), "Parse");
}

TEST(WrapperTableTest, NamesThatOnlyResembleOnesOfTheTableAreTheProgramsOwn) {
  for (const char* name : {"mallocate_things", "stdx::Keep()", "Pool::Alloc", "parse_string",
                           "Generations::Add", "SlabCache::Put", "main", "listener_new"})
    EXPECT_FALSE(IsWrapperName(QualifiedName(name))) << name;
}

}  // namespace
}  // namespace leaktrack
