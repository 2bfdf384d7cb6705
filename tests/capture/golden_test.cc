// SPDX-License-Identifier: Apache-2.0
//
// Captures of every released format must stay readable. A failure here is a broken promise, not an
// outdated file. Never regenerate tests/golden/captures/vN of a released N. (If
// LEAKTRACK_WRITE_GOLDEN=<path> is set, the test writes the file instead: for a new N.)
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "libtrack/capture/read/decoder.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::capture {
namespace {

using leaktrack::testing::SmallProgram;
using leaktrack::testing::TestRun;

TEST(GoldenTest, CapturesOfVersionOneStillRead) {
  TestRun run;
  SmallProgram program(&run, 1);
  // No boot: the file must read the same everywhere.
  memset(run.recorder.header()->boot_id, 0, 16);
  run.recorder.header()->pid = 4242;
  ASSERT_TRUE(run.Create(nullptr));
  for (uint64_t second = 1; second <= 9; ++second) {
    program.Second(1000 * second);
    if (second == 9) run.recorder.header()->state = static_cast<uint32_t>(RunState::kExited);
    ASSERT_TRUE(run.Epoch(1000 * second, second == 9 ? EpochKind::kFinal : EpochKind::kPeriodic));
  }
  if (const char* path = getenv("LEAKTRACK_WRITE_GOLDEN")) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(run.file.bytes().data()),
               static_cast<long>(run.file.bytes().size()));
    GTEST_SKIP() << "wrote " << path;
  }
  const Capture golden = DecodeCaptureFile(LEAKTRACK_GOLDEN "/v1/small.ltk").capture;
  EXPECT_TRUE(golden.damage.empty());
  EXPECT_EQ(golden.major, 1);
  EXPECT_EQ(golden.process.host, "testhost");
  EXPECT_EQ(golden.process.pid, 4242u);
  EXPECT_EQ(golden.end_state, RunState::kExited);
  EXPECT_EQ(golden.duration_ms, 9000u);
  EXPECT_EQ(golden.stacks.size(), 12u);
  EXPECT_EQ(golden.modules.at(0).build_id, "0102fe");
  EXPECT_EQ(golden.hooks.size(), 2u);
  EXPECT_EQ(golden.samples_total, 180u);
  EXPECT_EQ(golden.memory.size(), 9u);
  EXPECT_EQ(golden.memory.back().work_units, kNotKnown);
  EXPECT_EQ(golden.allocator, "");
  const Capture now = run.DecodeFile().capture;
  ASSERT_EQ(golden.cells.size(), now.cells.size());
  for (size_t i = 0; i < now.cells.size(); ++i) {
    ASSERT_EQ(golden.cells[i].points.size(), now.cells[i].points.size());
    EXPECT_EQ(golden.cells[i].points.back().samples, now.cells[i].points.back().samples);
    EXPECT_NEAR(golden.cells[i].points.back().bytes, now.cells[i].points.back().bytes, 1);
  }
  EXPECT_EQ(golden.survivors.size(), now.survivors.size());
  EXPECT_EQ(leaktrack::testing::SortedSizes(golden.kept_deaths), program.pushed);
}

}  // namespace
}  // namespace leaktrack::capture
