// SPDX-License-Identifier: Apache-2.0
//
// What the callers of the writer must hold to.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "libtrack/capture/write/history_writer.h"
#include "tests/support/memory_file.h"
#include "tests/support/preconditions.h"
#include "tests/support/recorder_builder.h"

namespace leaktrack::capture {
namespace {

using testing::MemoryFile;
using testing::RecorderBuilder;

TEST(HistoryWriterDeathTest, LiesWhereItsMembersMayLie) {
  RecorderBuilder recorder;
  const size_t bytes = HistoryWriter::MemoryBytes(*recorder.header());
  std::vector<char> memory(bytes + 16);
  char* const misaligned =
      memory.data() + (reinterpret_cast<uintptr_t>(memory.data()) % 16 == 8 ? 0 : 8);
  EXPECT_PRECONDITION(HistoryWriter::Place(misaligned, bytes, *recorder.header()),
                      "reinterpret_cast<uintptr_t>(memory) % alignof(HistoryWriter) == 0");
}

TEST(HistoryWriterDeathTest, IsStartedBeforeItWrites) {
  RecorderBuilder recorder;
  const size_t bytes = HistoryWriter::MemoryBytes(*recorder.header());
  const std::unique_ptr<void, void (*)(void*)> memory(std::calloc(1, bytes), std::free);
  HistoryWriter* const writer = HistoryWriter::Place(memory.get(), bytes, *recorder.header());
  ASSERT_NE(writer, nullptr);
  EXPECT_PRECONDITION(writer->WriteEpoch(recorder.header(), {}, 1, EpochKind::kPeriodic),
                      "store_.file().pwrite != nullptr");
}

class SegmentStoreDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { store_->Start(file_.ops(), 7); }
  MemoryFile file_;
  const std::unique_ptr<SegmentStore> store_ = std::make_unique<SegmentStore>();
};

TEST_F(SegmentStoreDeathTest, ARecordFitsASegment) {
  RecordHeader record{};
  record.length = static_cast<uint32_t>(kSegmentBytes);
  EXPECT_PRECONDITION(store_->Append(SegmentKind::kStatus, 0, record, nullptr),
                      "kFrameRoom + record.length <= kSegmentBytes");
}

TEST_F(SegmentStoreDeathTest, ThereAreSoManyLevelsAndSegments) {
  SegmentHeader header{};
  EXPECT_PRECONDITION(store_->Append(SegmentKind::kHistory, kLevels, {}, nullptr),
                      "level < kLevels");
  EXPECT_PRECONDITION(store_->RaiseHistoryLimit(kLevels, 1), "level < kLevels");
  EXPECT_PRECONDITION(store_->Adopt(kMaxSegments, header), "index < kMaxSegments");
}

}  // namespace
}  // namespace leaktrack::capture
