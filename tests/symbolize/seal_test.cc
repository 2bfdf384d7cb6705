// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/seal.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

const std::vector<capture::ModuleInfo>& Modules() {
  static const std::vector<capture::ModuleInfo> modules = [] {
    capture::ModuleInfo module;
    module.number = 1;
    module.path = "/usr/bin/service";
    module.build_id = "ab12";
    return std::vector{module};
  }();
  return modules;
}

Seal Made() {
  const capture::Frame frame = capture::MakeFrame(1, 0x1234);
  Seal seal;
  seal.made_at = 1'790'000'000;
  seal.frames[frame] = {{"inner(int)", "/src/a.cc", 7, "/usr/bin/service", "ab12", 0x1234, true},
                        {"outer\xff", "", 0, "/usr/bin/service", "ab12", 0x1234, false}};
  seal.missing = {{"/lib/x.so", "cd", "file not found", "find it"}};
  seal.sources["/src/a.cc:7"] = {6, {"six", "seven"}, true};
  return seal;
}

TEST(SealTest, ComesBackAsItWas) {
  const std::optional<Seal> back = ReadSeal(WriteSeal(Made()), Modules());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->made_at, 1'790'000'000);
  const auto& functions = back->frames.at(capture::MakeFrame(1, 0x1234));
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_EQ(functions[0], Made().frames.begin()->second[0]);
  EXPECT_TRUE(functions[1].function.starts_with("outer")) << "what is not UTF-8 is replaced";
  EXPECT_EQ(back->missing, Made().missing);
  EXPECT_EQ(back->sources.at("/src/a.cc:7").lines, (std::vector<std::string>{"six", "seven"}));
  EXPECT_TRUE(back->sources.at("/src/a.cc:7").newer_than_program);
}

TEST(SealTest, WhatIsNoSealIsNone) {
  for (const char* text : {"", "x", "[]", "{}", "{\"seal\":2}", "{\"seal\":\"1\"}"})
    EXPECT_FALSE(ReadSeal(text, Modules()).has_value()) << text;
  const auto odd = ReadSeal(
      R"({"seal":1,"made_at":-5,"frames":[1,{"frame":"x","functions":3},{"frame":7,"functions":[1,{"function":5,"line":1e99}]}],
                               "missing":[2],"sources":{"a":1,"b":{"lines":[1,"\u001b"]}}})",
      Modules());
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->frames.at(7).front().function, "");
  EXPECT_EQ(odd->sources.at("b").lines, (std::vector<std::string>{"\\x1b"}));
}

TEST(SealTest, TheSealIsAskedFirstAndTheFilesForTheRest) {
  const auto symbolizer = NewSealedSymbolizer(Made(), NewElfSymbolizer(Modules()));
  EXPECT_EQ(symbolizer->Resolve(capture::MakeFrame(1, 0x1234)).front().function, "inner(int)");
  EXPECT_EQ(symbolizer->Resolve(capture::MakeFrame(1, 0x9999)).front().function, "");
  // The sealed one, and the file that does not exist here.
  EXPECT_EQ(symbolizer->missing().size(), 2u);
}

}  // namespace
}  // namespace leaktrack
