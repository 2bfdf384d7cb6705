// SPDX-License-Identifier: Apache-2.0
#include "tools/base/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace leaktrack {
namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(FormatSizeTest, RoundsToThreeDigitsAndNamesTheUnit) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(17), "17 B");
  EXPECT_EQ(FormatSize(512 * kKiB), "512 KiB");
  EXPECT_EQ(FormatSize(2.5 * kMiB), "2.5 MiB");
  EXPECT_EQ(FormatSize(12.44 * kGiB), "12.4 GiB");
  EXPECT_EQ(FormatSize(-3.0 * kKiB), "-3 KiB");
  EXPECT_EQ(FormatSize(0.04), "0 B");
  EXPECT_EQ(FormatSize(-0.04), "0 B");
}

TEST(FormatSizeTest, NeverPrintsAThousandOfAUnitThatHasANextOne) {
  EXPECT_EQ(FormatSize(kMiB - 1), "1 MiB");
  EXPECT_EQ(FormatSize(static_cast<double>(kMax)), "16 EiB");
  for (double bytes = 1; bytes < 1e18; bytes *= 1.00731) {
    EXPECT_LE(std::stod(FormatSize(bytes)), 1023) << bytes;
    EXPECT_NEAR(static_cast<double>(ParseSize(FormatSize(bytes)).value()), bytes,
                bytes * 0.05 + 0.5);
  }
}

TEST(FormatSizeTest, SaysUnknownForWhatIsNoNumber) {
  EXPECT_EQ(FormatSize(std::nan("")), "unknown");
  EXPECT_EQ(FormatDuration(INFINITY), "unknown");
  EXPECT_EQ(FormatRate(-INFINITY), "unknown");
}

TEST(FormatDurationTest, UsesTwoNeighbouringUnits) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(0.25), "250ms");
  EXPECT_EQ(FormatDuration(12.5), "12.5s");
  EXPECT_EQ(FormatDuration(90), "1m 30s");
  EXPECT_EQ(FormatDuration(7200), "2h");
  EXPECT_EQ(FormatDuration(5400), "1h 30m");
  EXPECT_EQ(FormatDuration(86400 * 3 + 3600 * 4), "3d 4h");
  EXPECT_EQ(FormatDuration(-90), "-1m 30s");
}

TEST(FormatDurationTest, CarriesIntoTheNextUnit) {
  EXPECT_EQ(FormatDuration(0.9999), "1s");
  EXPECT_EQ(FormatDuration(59.99), "1m");
  EXPECT_EQ(FormatDuration(3599.9), "1h");
  EXPECT_EQ(FormatDuration(7199), "2h");
  EXPECT_EQ(FormatDuration(86399), "1d");
}

TEST(FormatDurationTest, IsReadBackWithinItsRounding) {
  for (double seconds = 0.002; seconds < 1e9; seconds *= 1.0173) {
    const std::string text = FormatDuration(seconds);
    if (text.find(',') != std::string::npos) continue;
    EXPECT_NEAR(static_cast<double>(ParseDurationMs(text).value()) / 1000, seconds,
                seconds * 0.05 + 0.001)
        << text;
  }
}

TEST(FormatCountTest, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(kMax), "18,446,744,073,709,551,615");
}

TEST(OptionFormTest, IsWhatTheManualShows) {
  EXPECT_EQ(SizeOption(512 * kKiB), "512KiB");
  EXPECT_EQ(SizeOption(1000), "1000B");
  EXPECT_EQ(SizeOption(0), "0B");
  EXPECT_EQ(DurationOption(90'000), "90s");
  EXPECT_EQ(DurationOption(7'200'000), "2h");
  EXPECT_EQ(DurationOption(1500), "1500ms");
  EXPECT_EQ(DurationOption(0), "0s");
  EXPECT_EQ(RateOption(64 * kMiB), "64MiB/h");
}

TEST(OptionFormTest, ParsesBackToTheVerySameValue) {
  std::mt19937_64 random(20221001);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t value = random() >> (random() % 64);
    EXPECT_EQ(ParseSize(SizeOption(value)).value(), value);
    EXPECT_EQ(ParseDurationMs(DurationOption(value)).value(), value);
    EXPECT_EQ(ParseRate(RateOption(value)).value(), value);
  }
  EXPECT_EQ(ParseSize(SizeOption(kMax)).value(), kMax);
  EXPECT_EQ(ParseDurationMs(DurationOption(kMax)).value(), kMax);
}

TEST(ParseSizeTest, TakesWhatPeopleWrite) {
  EXPECT_EQ(ParseSize("4096").value(), 4096u);
  EXPECT_EQ(ParseSize("512KiB").value(), 512 * kKiB);
  EXPECT_EQ(ParseSize(" 2.5 MiB ").value(), 5 * kMiB / 2);
  EXPECT_EQ(ParseSize("512k").value(), 512 * kKiB);
  EXPECT_EQ(ParseSize("1G").value(), kGiB);
  EXPECT_EQ(ParseSize("1Gi").value(), kGiB);
  EXPECT_EQ(ParseSize("1kB").value(), 1000u);
  EXPECT_EQ(ParseSize("1MB").value(), 1'000'000u);
  EXPECT_EQ(ParseSize(".5k").value(), 512u);
  EXPECT_EQ(ParseSize("18446744073709551615").value(), kMax);
}

TEST(ParseSizeTest, RefusesTheRestAndShowsHowToWriteIt) {
  for (const char* text :
       {"", " ", "-1", "+1", "1x", "1 KiB x", "KiB", "1.2.3", "nan", "inf", "0x10", "1e3", ".",
        "18446744073709551616", "16EiB", "99999999999999999999999999", "1,000"}) {
    const auto result = ParseSize(text);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("512KiB")) << text;
  }
}

TEST(ParseSizeTest, DoesNotRepeatEscapesInItsMessage) {
  EXPECT_THAT(std::string(ParseSize("\x1b[31m5").status().message()),
              testing::HasSubstr("'\\x1b[31m5'"));
}

TEST(ParseDurationTest, TakesOneUnitOrSeveral) {
  EXPECT_EQ(ParseDurationMs("90").value(), 90'000u);
  EXPECT_EQ(ParseDurationMs("90s").value(), 90'000u);
  EXPECT_EQ(ParseDurationMs("1.5h").value(), 5'400'000u);
  EXPECT_EQ(ParseDurationMs("1h 30m").value(), 5'400'000u);
  EXPECT_EQ(ParseDurationMs("1h30m").value(), 5'400'000u);
  EXPECT_EQ(ParseDurationMs("2 min").value(), 120'000u);
  EXPECT_EQ(ParseDurationMs("0.25s").value(), 250u);
  EXPECT_EQ(ParseDurationMs("3d").value(), 259'200'000u);
}

TEST(ParseDurationTest, RefusesTheRest) {
  for (const char* text :
       {"", "s", "1h 30", "1 30", "5 parsecs", "-1s", "1s,", "1h-", "99999999999999999999d"}) {
    EXPECT_FALSE(ParseDurationMs(text).ok()) << text;
  }
}

TEST(ParseRateTest, IsPerHourWhateverThePeriod) {
  EXPECT_EQ(ParseRate("10MiB/h").value(), 10 * kMiB);
  EXPECT_EQ(ParseRate("1 KiB/s").value(), 3600 * kKiB);
  EXPECT_EQ(ParseRate("24KiB/d").value(), kKiB);
  EXPECT_EQ(ParseRate(FormatRate(12.5 * kMiB)).value(), 25 * kMiB / 2);
  for (const char* text : {"10MiB", "10MiB/", "/h", "10MiB/h/h", "10/x", "16000PiB/ms"}) {
    EXPECT_FALSE(ParseRate(text).ok()) << text;
  }
}

}  // namespace
}  // namespace leaktrack
