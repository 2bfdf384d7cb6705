// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/site_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace leaktrack {
namespace {

using ::testing::ElementsAre;

ResolvedFrame Frame(const std::string& function, const std::string& module = "/bin/app",
                    uint32_t line = 1) {
  return {function, "app.cc", line, module, "ab", 0x10, false};
}

std::string NameOf(const std::string& function) {
  return KeyText(MakeSiteKey({Frame(function)}, 0));
}

TEST(SiteKeyTest, IsTheFunctionsFromTheBlamedOneToMain) {
  EXPECT_THAT(MakeSiteKey({Frame("operator new(unsigned long)", "/lib/libstdc++.so.6"),
                           Frame("Cache::Add(int)"), Frame("main"),
                           Frame("__libc_start_call_main", "/lib/libc.so.6"), Frame("_start")},
                          1),
              ElementsAre("Cache::Add", "main"));
}

TEST(SiteKeyTest, WhatTheCompilerAppendsDoesNotCount) {
  for (const char* name : {"Parse(char const*) [clone .constprop.0]",
                           "Parse(char const*) [clone .isra.0] [clone .cold]", "Parse(char const*)",
                           "Parse.part.3", "Parse.llvm.1234567", "Parse.lto_priv.0"}) {
    EXPECT_EQ(NameOf(name), "Parse") << name;
  }
  EXPECT_EQ(NameOf("realpath@@GLIBC_2.3"), "realpath");
}

TEST(SiteKeyTest, NumbersOfLambdasAndHashesOfRustDoNotCount) {
  EXPECT_EQ(NameOf("Serve()::{lambda()#2}::operator()() const"),
            NameOf("Serve()::{lambda()#7}::operator()() const"));
  EXPECT_EQ(NameOf("app::serve::h0123456789abcdef"), "app::serve");
}

TEST(SiteKeyTest, LinesAndOffsetsDoNotCount) {
  EXPECT_EQ(MakeSiteKey({Frame("F", "/bin/app", 1)}, 0),
            MakeSiteKey({Frame("F", "/bin/app", 99)}, 0));
}

TEST(SiteKeyTest, AFrameWithoutANameIsItsLibraryWithoutTheVersion) {
  EXPECT_EQ(NameOf(""), "(app)");
  EXPECT_EQ(KeyText(MakeSiteKey({Frame("", "/usr/lib/libruby-3.1.so.3.1.7")}, 0)),
            "(libruby-3.1.so)");
}

TEST(SiteKeyTest, APluginWithoutNamesIsKnownByBuildIdWhereverItWasLoadedFrom) {
  const OwnCode own("/srv/bin/host");
  const auto key = [&](const std::string& path) {
    return KeyText(MakeSiteKey({Frame("", path)}, 0, own));
  };
  EXPECT_EQ(key("/tmp/tmp-123-1.so"), "(ab+0x10)");
  EXPECT_EQ(key("/tmp/tmp-123-1.so"), key("/tmp/Xk3fa9.so (deleted)"));
  EXPECT_EQ(key("/srv/bin/host"), "(host)") << "the program itself is built anew each time";
  EXPECT_EQ(key("/usr/lib/libother-3.1.so.3.1.7"), "(libother-3.1.so)");
}

TEST(SiteKeyTest, RecursionOfAnyDepthIsOneFrame) {
  EXPECT_THAT(MakeSiteKey({Frame("Walk"), Frame("Walk"), Frame("Walk"), Frame("main")}, 0),
              ElementsAre("Walk", "main"));
}

TEST(SiteKeyTest, TextReadsBackAndHostileNamesStayOnOneLine) {
  const SiteKey key =
      MakeSiteKey({Frame("a\nb\x1b[31m"), Frame("std::map<int, char>::at"), Frame("main")}, 0);
  EXPECT_EQ(ParseSiteKey(KeyText(key)), key);
  EXPECT_EQ(KeyText(key).find('\n'), std::string::npos);
}

TEST(SiteKeyTest, AnEmptyStackHasAKeyToo) { EXPECT_EQ(KeyText(MakeSiteKey({}, 0)), "(no stack)"); }

}  // namespace
}  // namespace leaktrack
