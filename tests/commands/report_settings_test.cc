// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>

namespace leaktrack {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Refusal(const ReportSettings& settings) {
  return std::string(ReadSettings(settings).status().message());
}

TEST(ReportSettingsTest, TheDefaultsAreThoseOfTheAnalyzer) {
  const auto options = ReadSettings({});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->levels.use, StatusLevels{}.use);
  EXPECT_EQ(options->levels.seconds, StatusLevels{}.seconds);
  EXPECT_FALSE(options->limit_bytes.has_value());
}

TEST(ReportSettingsTest, ReadsALimitAndLevels) {
  ReportSettings settings;
  settings.limit = "2GiB";
  settings.status_use = "50%,60,99.5";
  settings.status_time = "7d,1h,90s";
  const auto options = ReadSettings(settings);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->limit_bytes, int64_t{2} << 30);
  EXPECT_THAT(options->levels.use, ElementsAre(.5, .6, .995));
  EXPECT_THAT(options->levels.seconds, ElementsAre(7 * 86400, 3600, 90));
}

TEST(ReportSettingsTest, RefusesWhatMakesNoSenseAndNamesTheOption) {
  for (const std::string bad :
       {"", "75", "75,90", "90,75,97", "0,1,2", "75,90,101", "a,b,c", "75,90,97,98"}) {
    ReportSettings settings;
    settings.status_use = bad;
    EXPECT_THAT(Refusal(settings), HasSubstr("--status-use")) << bad;
  }
  for (const std::string bad : {"", "1h", "1h,2h,3h", "24h,1h,soon"}) {
    ReportSettings settings;
    settings.status_time = bad;
    EXPECT_THAT(Refusal(settings), HasSubstr("--status-time")) << bad;
  }
  for (const std::string bad : {"much", "0", "-1"}) {
    ReportSettings settings;
    settings.limit = bad;
    EXPECT_THAT(Refusal(settings), HasSubstr("--limit")) << bad;
  }
}

TEST(ReportSettingsTest, WrappersComeFromTheCommandLineAndFromFiles) {
  const std::string path = ::testing::TempDir() + "/wrappers.txt";
  std::ofstream(path) << "# ours\n  my_alloc*  # all of them\n\nPool::Take\n";
  ReportSettings settings;
  settings.wrappers = {"grab"};
  settings.wrapper_files = {path};
  EXPECT_THAT(ReadSettings(settings)->wrappers, ElementsAre("grab", "my_alloc*", "Pool::Take"));
  settings.wrapper_files = {"/nowhere/wrappers.txt"};
  EXPECT_THAT(Refusal(settings), HasSubstr("/nowhere/wrappers.txt"));
}

}  // namespace
}  // namespace leaktrack
