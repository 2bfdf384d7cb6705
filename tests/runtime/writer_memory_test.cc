// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/writer_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <memory>

#include "libtrack/platform/os/raw.h"
#include "tests/record/test_image.h"
#include "tests/support/memory_file.h"
#include "tests/support/own_process.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

using capture::HistoryWriter;
using leaktrack::testing::AddressSpace;
using leaktrack::testing::InChild;

class WriterMemoryTest : public ::testing::Test {
 protected:
  void TearDown() override { DropHistoryWriter(); }
  // Of an image whose live table may hold that many blocks.
  void Make(uint64_t blocks) {
    process_ = std::make_unique<Process>(ImageOptions{.exact_block_limit = blocks},
                                         TrackerOptions{.interval = 1});
    header().image_bytes = process_->image.plan().image_bytes;
  }
  capture::RecorderHeader& header() { return process_->image.header(); }
  bool WriteEpoch(HistoryWriter* writer) {
    return writer->WriteEpoch(&header(), {}, ++now_ms_, capture::EpochKind::kPeriodic);
  }

  std::unique_ptr<Process> process_;
  leaktrack::testing::MemoryFile file_;
  uint64_t now_ms_ = 0;
};

TEST_F(WriterMemoryTest, AddressesForAllThatMayComeCostWhatThereIs) {
  Make(50'000'000);
  const uint64_t before = AddressSpace();
  HistoryWriter* const writer = NewHistoryWriter(header());
  ASSERT_NE(writer, nullptr);
  EXPECT_GT(HistoryWriter::MemoryBytes(header()), uint64_t{200} << 20);
  EXPECT_LT(AddressSpace() - before, uint64_t{4} << 20);
  writer->Start(file_.ops(), header());
  ASSERT_TRUE(WriteEpoch(writer));
  const uint64_t written = AddressSpace();
  EXPECT_LT(written - before, uint64_t{8} << 20);
  DropHistoryWriter();
  EXPECT_GE(written - AddressSpace(), HistoryWriter::FirstBytes()) << "and it is given back";
}

TEST_F(WriterMemoryTest, ItGrowsWithTheTables) {
  Make(4'000'000);
  HistoryWriter* const writer = NewHistoryWriter(header());
  ASSERT_NE(writer, nullptr);
  writer->Start(file_.ops(), header());
  ASSERT_TRUE(WriteEpoch(writer));
  for (uintptr_t i = 1; i < 200'000; ++i)
    ASSERT_TRUE(process_->Malloc(64 * i, 32, process_->Site(i % 20'000), now_ms_));
  EXPECT_TRUE(WriteEpoch(writer));
  EXPECT_EQ(writer->failed_epochs(), 0u);
  EXPECT_EQ(writer->committed_epochs(), 2u);
}

TEST_F(WriterMemoryTest, WhatTheKernelRefusesCostsAnEpochAndIsAskedForAgain) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer itself ends without address space";
#endif
  Make(4'000'000);
  const auto swallow = [](void*, const void*, size_t, uint64_t) { return true; };
  const auto body = [&] {
    HistoryWriter* const writer = NewHistoryWriter(header());
    if (writer == nullptr) return 1;
    writer->Start({nullptr, swallow, nullptr}, header());  // a file in memory would need some
    rlimit limit{AddressSpace(), RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &limit);
    const bool refused = !WriteEpoch(writer) && writer->failed_epochs() == 1;
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_AS, &limit);
    return !refused ? 2 : !WriteEpoch(writer) ? 3 : 0;
  };
  EXPECT_EQ(InChild(body), 0);
}

TEST_F(WriterMemoryTest, AnotherWriterMayFollow) {
  Make(0);
  for (int i = 0; i < 3; ++i) {
    HistoryWriter* const writer = NewHistoryWriter(header());
    ASSERT_NE(writer, nullptr);
    writer->Start(file_.ops(), header());
    EXPECT_TRUE(WriteEpoch(writer));
    DropHistoryWriter();
    DropHistoryWriter();
  }
}

#if defined(LEAKTRACK_DCHECKS)

TEST(WriterMemoryDeathTest, ThereIsOneWriterAtATime) {
  const auto process = std::make_unique<Process>();
  const auto two = [&] {
    for (int i = 0; i < 2; ++i) NewHistoryWriter(process->image.header());
  };
  EXPECT_PRECONDITION(two(), "g_memory == nullptr");
}

#endif

}  // namespace
}  // namespace leaktrack::track
