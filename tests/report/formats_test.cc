// SPDX-License-Identifier: Apache-2.0
//
// What the formats for other tools do with hostile names, and with runs that have nothing to
// report. e2e/commands/formats_test.py checks that the tools read them.
#include "tools/report/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/report/sample_input.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Write(const char* name, const ReportInput& input, size_t top = 0) {
  return TextOf([&](TextSink& sink) { FindReportFormat(name)->one(input, {{}, top}, sink); });
}

std::string Unzipped(const std::string& packed) {
  z_stream stream{};
  std::string text(1 << 20, '\0');
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

ReportInput Hostile() {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites[0].stack.Change([](auto& frames) {
    frames[0].function = "evil;root 999999\n<script>\xff\x1b[31m\"" + std::string(10'000, 'y');
    frames[1].function.clear();
  });
  return input;
}

TEST(FormatsTest, EachNameStandsOnceAndIsFound) {
  std::set<std::string> names;
  for (const ReportFormat& format : ReportFormats()) {
    EXPECT_TRUE(names.insert(format.name).second) << format.name;
    EXPECT_EQ(FindReportFormat(format.name), &format);
  }
  EXPECT_EQ(FindReportFormat("svg"), nullptr);
}

TEST(FoldedReportTest, AHostileNameIsOneFrameOfOneLine) {
  const std::string text = Write("folded", Hostile());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(std::count(text.begin(), text.end(), ';'), 8);
  EXPECT_THAT(text, HasSubstr(" 9000000\n"));
  EXPECT_THAT(text, HasSubstr("service+0x1000"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(SpeedscopeReportTest, AHostileNameIsAscii) {
  const std::string text = Write("speedscope", Hostile());
  for (const char c : text) ASSERT_LT(static_cast<unsigned char>(c), 0x80);
  const nlohmann::json file = nlohmann::json::parse(text);
  EXPECT_EQ(file["profiles"][0]["endValue"], 9'000'000);
  EXPECT_EQ(file["profiles"][0]["samples"][0].size(), 9u);
}

// operator new, behind it a vector, and the function that asked.
ReportInput ThroughOperatorNew() {
  ReportInput input = testing::LeakingInput();
  input.capture.modules = {{}};
  input.capture.modules[0].number = 1;
  input.capture.modules[0].path = "/usr/bin/service";
  input.analysis.sites[0].stack.Change([](auto& frames) {
    frames[0].function = "operator new(unsigned long)";
    frames[0].module = "/usr/lib/libstdc++.so.6";
    frames[1].function = "std::vector<int, std::allocator<int> >::push_back(int&&)";
    frames[1].file = "";
    frames[2].function = "Remember(int)";
    frames[2].inlined = false;
  });
  input.analysis.sites[0].blame = 2;
  return input;
}

TEST(ExchangeTest, AllocatorsStandAtNoLeaf) {
  const ReportInput input = ThroughOperatorNew();
  EXPECT_THAT(Write("folded", input), HasSubstr(";Remember(int) 9000000\n"));
  const nlohmann::json file = nlohmann::json::parse(Write("speedscope", input));
  const size_t leaf = file["profiles"][0]["samples"][0].back();
  EXPECT_EQ(file["shared"]["frames"][leaf]["name"], "Remember(int)");
  EXPECT_EQ(Unzipped(Write("pprof", input)).find("operator new"), std::string::npos);
}

TEST(ExchangeTest, TheMainProgramIsTheFirstMapping) {
  ReportInput input = ThroughOperatorNew();
  input.analysis.sites[0].stack.Change(
      [](auto& frames) { frames[2].module = "/usr/lib/libaaa.so"; });
  const std::string profile = Unzipped(Write("pprof", input));
  EXPECT_LT(profile.find("/usr/bin/service"), profile.find("/usr/lib/libaaa.so"));
}

class CountingSink : public TextSink {
 public:
  void Write(std::string_view piece) override {
    largest_ = std::max(largest_, piece.size());
    all_ += piece.size();
  }
  size_t largest_ = 0, all_ = 0;
};

TEST(FormatsTest, StacksAreWrittenOneByOneNotAsOneText) {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites.resize(3000, input.analysis.sites[0]);
  for (const char* name : {"json", "folded", "speedscope"}) {
    CountingSink sink;
    FindReportFormat(name)->one(input, {}, sink);
    EXPECT_LT(sink.largest_, sink.all_ / 3) << name;
  }
}

TEST(FormatsTest, ARunThatHeldNothingIsAnEmptyProfileNotAnError) {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites.clear();
  EXPECT_EQ(Write("folded", input), "");
  EXPECT_EQ(nlohmann::json::parse(Write("speedscope", input))["profiles"][0]["endValue"], 0);
  EXPECT_EQ(Write("pprof", input).substr(0, 2), "\x1f\x8b");
}

TEST(FormatsTest, ManySitesAndDeepStacksAreWritten) {
  ReportInput input = testing::LeakingInput();
  SiteResult site = input.analysis.sites[0];
  site.stack.Change([](auto& frames) {
    for (unsigned i = 0; i < 2'000; ++i)
      frames.push_back({"deep" + std::to_string(i), "f.cc", 1, "/bin/x", "", 16 * i, false});
  });
  input.analysis.sites.assign(50, site);
  EXPECT_THAT(Write("folded", input), HasSubstr("deep1999;deep1998;"));
  EXPECT_GT(Write("pprof", input).size(), 1'000u);
  input.analysis.sites.assign(5'000, testing::LeakingInput().analysis.sites[0]);
  for (const char* name : {"folded", "speedscope", "pprof", "json", "text"})
    EXPECT_FALSE(Write(name, input).empty()) << name;
  EXPECT_EQ(nlohmann::json::parse(Write("speedscope", input, 3))["profiles"][0]["endValue"],
            27'000'000);
}

}  // namespace
}  // namespace leaktrack
