// SPDX-License-Identifier: Apache-2.0
#include "tools/report/merge/merge_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/report/sample_input.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Merge Fleet(uint64_t runs) {
  Merge merge;
  ReportInput input = testing::LeakingInput();
  input.capture.process.program = "ser\x1bvice";
  for (uint64_t run = 1; run <= runs; ++run) {
    input.capture.process.run_id = run;
    input.capture.path = "/captures/" + std::to_string(run) + ".ltk";
    merge.sums.Add(input.capture, input.analysis);
  }
  return merge;
}

TEST(MergeReportTest, TellsRunsSitesAndSums) {
  const std::string text = MergeText(Fleet(1200), {});
  EXPECT_THAT(text, HasSubstr("1,200 runs of 1 program version: 1,200 grow"));
  EXPECT_THAT(text, HasSubstr("1,200 with a leak or a suspect"));
  EXPECT_THAT(text, HasSubstr("1,200 of 1,200"));
  EXPECT_THAT(text, HasSubstr("10.1 GiB"));  // 1,200 times 9e6
  EXPECT_THAT(text, Not(HasSubstr("Unread")));
  const nlohmann::json json = nlohmann::json::parse(MergeJson(Fleet(1200), 0));
  const nlohmann::json& site = json["programs"][0]["sites"][0];
  EXPECT_EQ(site["runs"], 1200);
  EXPECT_EQ(site["verdicts"]["suspect"], 1200);
  EXPECT_EQ(site["live_bytes"], 1200 * 9'000'000LL);
  EXPECT_EQ(site["growth_bytes_per_hour"]["mid"], 1200 * 1'560'000'000LL);
  EXPECT_EQ(json["programs"][0]["conclusions"]["found"], 1200);
}

TEST(MergeReportTest, NoLineIsWiderThanThePageAndNoNameReachesTheTerminal) {
  Merge merge = Fleet(2);
  merge.unreadable = 1234;
  merge.unreadable_why = {"/captures/" + std::string(300, 'x') + "\x1b[31m.ltk: not a capture",
                          "b",
                          "c",
                          "d",
                          "e",
                          "f"};
  merge.repeated = 1;
  for (const size_t columns : {40u, 60u, 80u}) {
    const std::string text = MergeText(merge, {columns, false, 5});
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      EXPECT_LE(DisplayColumns(text.substr(at, end - at)), columns) << text.substr(at, end - at);
      at = end + 1;
    }
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  }
  const std::string text = MergeText(merge, {});
  EXPECT_THAT(text, HasSubstr("1,234 files could not be read:"));
  EXPECT_THAT(text, HasSubstr("and 1,229 more"));
  EXPECT_THAT(text, HasSubstr("1 capture left out: their runs were counted already"));
}

TEST(MergeReportTest, TopCutsSitesNotSums) {
  const nlohmann::json all = nlohmann::json::parse(MergeJson(Fleet(3), 0)),
                       none = nlohmann::json::parse(MergeJson(Fleet(3), 1));
  EXPECT_EQ(all["programs"][0]["sites_total"], none["programs"][0]["sites_total"]);
  EXPECT_EQ(none["programs"][0]["sites"].size(), 1u);
}

TEST(MergeReportTest, AnEmptyFleetIsAReportToo) {
  EXPECT_THAT(MergeText(Merge(), {}), HasSubstr("0 runs of 0 program versions: none grows"));
  EXPECT_TRUE(nlohmann::json::parse(MergeJson(Merge(), 0))["programs"].empty());
}

}  // namespace
}  // namespace leaktrack
