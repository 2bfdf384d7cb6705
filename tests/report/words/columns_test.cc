// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/columns.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tools/report/words/time_words.h"

namespace leaktrack {
namespace {

constexpr double kKiB = 1 << 10, kMiB = 1 << 20, kGiB = 1 << 30;

TEST(ColumnsTest, AllSizesHaveTheUnitOfTheLargest) {
  const SizeColumn column({6.7 * kMiB, 24.2 * kKiB, 0});
  EXPECT_EQ(column.Text(6.7 * kMiB), "6.7 MiB");
  EXPECT_EQ(column.Text(1019 * kKiB), "1.0 MiB");
  EXPECT_EQ(column.Text(24.2 * kKiB), "< 0.1 MiB");
  EXPECT_EQ(column.Text(0), "0.0 MiB");
  EXPECT_EQ(SizeColumn({8 * kGiB * 1024}).Text(kGiB), "< 0.1 TiB");
  EXPECT_EQ(SizeColumn({1023 * kMiB}).Text(1e9), "953.7 MiB");
  EXPECT_EQ(SizeColumn({3 * kGiB}).Text(-2.5 * kGiB), "-2.5 GiB");
  EXPECT_EQ(SizeColumn({17}).Text(17), "17 B");
  EXPECT_EQ(SizeColumn({}).Text(0), "0 B");
}

TEST(ColumnsTest, RatesAreByTheMinuteWhereOneIs) {
  EXPECT_EQ(RateColumn({956 * 60 * kMiB, 4.5 * kMiB}).Text(4.5 * kMiB), "0.1 MiB/min");
  EXPECT_EQ(RateColumn({4.5 * kMiB}).Text(4.5 * kMiB), "4.5 MiB/h");
}

TEST(TimeWordsTest, TheDayStandsWhereItIsNotThatOfTheEnd) {
  const RunTimes run{int64_t{1700042400} * 1'000'000'000, 3600, false};  // Nov 15 10:00 to 11:00
  EXPECT_EQ(TimeOfDay(900, run), "10:15 UTC");
  EXPECT_EQ(ShortTimeOfDay(900, run), "10:15");
  EXPECT_EQ(TimeOfDay(16 * 3600, run), "Nov 16 02:00 UTC");
  EXPECT_EQ(DayAndTime(0, run), "Nov 15 10:00 UTC");
  EXPECT_EQ(TimeOfDay(900, {run.start_realtime_ns, 3 * 86400.0, false}), "Nov 15 10:15 UTC");
  EXPECT_EQ(TimeOfDay(900, {}), "");
  EXPECT_EQ(MomentText(7380, {}), "2h 3m after the start");
  EXPECT_EQ(DateAndTime(1700042400), "2023-11-15 10:00 UTC");
}

}  // namespace
}  // namespace leaktrack
