// SPDX-License-Identifier: Apache-2.0
//
// A writer with lent memory: a refusal now and then costs an epoch, never more.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>

#include "libtrack/capture/read/decoder.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::testing {
namespace {

using capture::DecodeResult;
using capture::HistoryWriter;

// Lends pages that were inaccessible before. Refuses part `refused`.
struct Lender {
  uint32_t refused = HistoryWriter::kParts;
  static bool Lend(void* context, uint32_t part, void* begin, size_t bytes) {
    if (part == static_cast<Lender*>(context)->refused) return false;
    const auto page = reinterpret_cast<uintptr_t>(begin) & ~uintptr_t{4095};
    const size_t length = reinterpret_cast<uintptr_t>(begin) + bytes - page;
    return mprotect(reinterpret_cast<void*>(page), length, PROT_READ | PROT_WRITE) == 0;
  }
};

class LentMemoryTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  LentMemoryTest() : program_(&run_, 1) {
    EXPECT_TRUE(run_.Create());
    run_.memory.ForbidAllButTheFirstPages();
    run_.memory.writer()->LendMemory(Lender::Lend, &lender_);
  }

  TestRun run_;
  SmallProgram program_;
  Lender lender_;
};

TEST_P(LentMemoryTest, APartThatIsRefusedForAWhileIsWrittenLater) {
  lender_.refused = GetParam();
  program_.Second(1'000);
  EXPECT_FALSE(run_.Epoch(1'000));
  lender_.refused = HistoryWriter::kParts;
  program_.Second(2'000);
  EXPECT_TRUE(run_.Epoch(2'000, capture::EpochKind::kFinal));
  const DecodeResult file = run_.DecodeFile(), both = run_.DecodeWithRecorder();
  EXPECT_EQ(file.capture.modules.size(), both.capture.modules.size());
  EXPECT_EQ(file.capture.survivors.size(), both.capture.survivors.size());
  EXPECT_EQ(file.capture.cells.size(), both.capture.cells.size());
  EXPECT_EQ(file.capture.modules.size(), 1u);
  EXPECT_FALSE(file.capture.survivors.empty());
}

// Modules, cells, survivors. (The program of this test has no mappings.)
INSTANTIATE_TEST_SUITE_P(Parts, LentMemoryTest, ::testing::Values(0, 1, 4));

}  // namespace
}  // namespace leaktrack::testing
