// SPDX-License-Identifier: Apache-2.0
//
// Cells and counters that belong to one thread (exact mode): readers and the writer add them up,
// and reject impossible values.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "libtrack/capture/read/decoder.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::testing {
namespace {

using capture::Capture;
using capture::CellSeries;

class OwnCellsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    site_ =
        run_.recorder.AddStack({capture::MakeFrame(run_.recorder.AddModule("/bin/app"), 0x100)});
    ASSERT_TRUE(run_.Create());
  }
  void BornAt(uint64_t now_ms) {
    run_.recorder.Birth(site_, 10);  // shared
    run_.recorder.OwnBirth(1, site_, 100, 2);
    run_.recorder.OwnBirth(2, site_, 1000, 3);
    ASSERT_TRUE(run_.Epoch(now_ms));
  }
  static const CellSeries& Births(const Capture& capture) {
    EXPECT_EQ(capture.cells.size(), 1u);
    return capture.cells.front();
  }

  TestRun run_;
  capture::SiteId site_ = 0;
};

TEST_F(OwnCellsTest, TheFileHoldsTheirSumsOverTime) {
  BornAt(1'000);
  BornAt(2'000);
  const capture::DecodeResult result = run_.DecodeFile();
  const CellSeries& births = Births(result.capture);
  ASSERT_EQ(births.points.size(), 2u);
  EXPECT_EQ(births.points[0].samples, 6u);
  EXPECT_EQ(births.points[0].bytes, 3'210);
  EXPECT_EQ(births.points[1].samples, 12u);
  EXPECT_EQ(births.points[1].objects, 12);
  EXPECT_EQ(births.points[1].bytes, 6'420);
  EXPECT_EQ(births.points[1].bytes_squared, 2 * 3'020'100);
  EXPECT_EQ(births.points[1].variance, 0);
  EXPECT_EQ(result.capture.samples_total, 12u);
  EXPECT_EQ(result.capture.live_count, 10u);
}

TEST_F(OwnCellsTest, ARecorderLeftBehindHoldsThemToo) {
  BornAt(1'000);
  run_.recorder.OwnBirth(2, site_, 1000, 4);  // after the last epoch
  run_.recorder.SetTime(1'500);
  const capture::DecodeResult result = run_.DecodeWithRecorder();
  ASSERT_TRUE(result.capture.recorder_used);
  EXPECT_EQ(Births(result.capture).points.back().samples, 10u);
  EXPECT_EQ(Births(result.capture).points.back().bytes, 7'210);
  EXPECT_EQ(result.capture.samples_total, 10u);
  EXPECT_EQ(result.capture.live_count, 9u);
}

TEST_F(OwnCellsTest, ACounterMayBeBelowZero) {
  run_.recorder.OwnBirth(1, site_, 8, 60);
  // This thread frees what the other one has allocated.
  run_.recorder.RawCell(capture::kCounterKey)->objects = capture::CounterWord(-40);
  ASSERT_TRUE(run_.Epoch(1'000));
  EXPECT_EQ(run_.DecodeFile().capture.live_count, 20u);
}

TEST_F(OwnCellsTest, WhatOnlyADamagedImageHoldsIsLeftOut) {
  const uint64_t key = uint64_t{site_} << 8;
  // There is no such cell.
  run_.recorder.RawCell(uint64_t{0xff'fffe} << capture::kOwnCellShift | key)->samples = 5;
  run_.recorder.RawCell(capture::kCounterKey)->objects =
      capture::CounterWord(capture::kCounterMost + 1);
  run_.recorder.RawCell(capture::kCounterKey)->objects =
      capture::CounterWord(std::numeric_limits<int64_t>::min());
  BornAt(1'000);
  const capture::DecodeResult result = run_.DecodeFile();
  EXPECT_EQ(Births(result.capture).points.back().samples, 6u);
  EXPECT_EQ(result.capture.live_count, 5u);
}

}  // namespace
}  // namespace leaktrack::testing
