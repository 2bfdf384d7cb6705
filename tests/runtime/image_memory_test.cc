// SPDX-License-Identifier: Apache-2.0
//
// The recorder's pages: mapped as tables grow, asked for before they are touched, refused without a
// fault. What needs a limit or a fork of its own runs in a child.
#include "libtrack/runtime/image_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "libtrack/platform/os/raw.h"
#include "libtrack/record/image.h"
#include "tests/support/own_process.h"

namespace leaktrack::track {
namespace {

using capture::kRegionCells;
using capture::kRegionDepotArena;
using capture::kRegionLive;
using capture::kRegionMaps;
using leaktrack::testing::AddressSpace;
using leaktrack::testing::InChild;

bool Commit(void*, capture::RegionId id, uint64_t bytes) { return CommitRegion(id, bytes); }

class ImageMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Exact mode reserves gigabytes for the live table.
    const ImagePlan plan = PlanImage({.exact_block_limit = 50'000'000});
    path_ = "/dev/shm/leaktrack-image-test." + std::to_string(getpid());
    const uint64_t before = AddressSpace();
    UseImage(CreateRecorderFile(path_.c_str(), plan.image_bytes, plan.header_bytes),
             plan.header_bytes);
    ASSERT_TRUE(g_image_file.shared);
    ASSERT_TRUE(CommitRange(g_image_file, 0, plan.header_bytes));
    ASSERT_TRUE(InitImage(g_image_file.base, plan, Commit, nullptr));
    cost_ = AddressSpace() - before;
  }
  void TearDown() override {
    if (g_image_file.base != nullptr) Unmap(WhatIsMapped());
    if (g_image_file.fd >= 0) close(g_image_file.fd);
    UseImage({}, 0);
    unlink(path_.c_str());
  }
  static capture::Region& Region(capture::RegionId id) { return ImageHeader()->regions[id]; }
  static char* At(capture::RegionId id, uint64_t offset) {
    return g_image_file.base + Region(id).offset + offset;
  }
  static uint64_t Committed(capture::RegionId id) { return Region(id).committed_bytes.load(); }
  // Room for this much, so that it may be written to.
  static bool Grow(capture::RegionId id, uint64_t bytes) {
    if (!CommitRegion(id, bytes)) return false;
    std::memset(At(id, 0), 1, bytes);
    return true;
  }
  uint64_t FileBytes() const {
    struct stat info {};
    stat(path_.c_str(), &info);
    return static_cast<uint64_t>(info.st_blocks) * 512;
  }

  std::string path_;
  uint64_t cost_ = 0;
};

TEST_F(ImageMemoryTest, GigabytesOfTablesCostWhatIsUsedOfThem) {
  EXPECT_GT(g_image_file.bytes, uint64_t{1} << 30);
  EXPECT_LT(cost_, uint64_t{16} << 20);
  EXPECT_LT(FileBytes(), uint64_t{16} << 20);
}

TEST_F(ImageMemoryTest, ARegionGrowsInStepsAndToItsReserve) {
  const uint64_t before = Committed(kRegionCells);
  ASSERT_TRUE(Grow(kRegionCells, before + 1));
  EXPECT_EQ(Committed(kRegionCells), before + kCommitStepBytes);
  EXPECT_TRUE(CommitRegion(kRegionCells, before)) << "what is there already";
  ASSERT_TRUE(Grow(kRegionCells, Region(kRegionCells).reserved_bytes));
  EXPECT_EQ(Committed(kRegionCells), Region(kRegionCells).reserved_bytes);
  EXPECT_FALSE(CommitRegion(kRegionCells, Region(kRegionCells).reserved_bytes + 1));
  EXPECT_TRUE(CommitRegion(kRegionCells, before)) << "a refusal takes nothing away";
}

TEST_F(ImageMemoryTest, PagesBeyondTheShareOfTheTmpfsAreRefused) {
  g_image_file.budget_bytes = 0;
  EXPECT_FALSE(CommitRegion(kRegionDepotArena, Committed(kRegionDepotArena) + 1));
}

// A thread of the program does not ask again, the drainer does.
TEST_F(ImageMemoryTest, WhatALimitRefusesIsHadOnceItIsLifted) {
  const auto body = [] {
    const uint64_t wanted = Committed(kRegionLive) + (uint64_t{64} << 20);
    rlimit limit{AddressSpace() + (1 << 20), RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    if (CommitRegion(kRegionLive, wanted)) return 2;
    if (CommitRegion(kRegionLive, Committed(kRegionLive) + 1)) return 3;  // refused: not asked
    if (!CommitRegion(kRegionDepotArena, Committed(kRegionDepotArena) + 1)) return 4;
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_AS, &limit);
    const uint64_t depot = Committed(kRegionDepotArena);
    ImageHeader()->depot_used_bytes = depot;
    CommitAhead(g_image_file);
    return Committed(kRegionDepotArena) > depot ? 0 : 5;
  };
  EXPECT_EQ(InChild(body), 0);
}

TEST_F(ImageMemoryTest, TheDrainerKeepsAStepOfRoomAhead) {
  capture::RecorderHeader& header = *ImageHeader();
  header.cell_count = static_cast<uint32_t>(Committed(kRegionCells) / sizeof(capture::Cell));
  const uint64_t used = header.cell_count * sizeof(capture::Cell);
  CommitAhead(g_image_file);
  EXPECT_GE(Committed(kRegionCells), used + kCommitStepBytes / 2);
  const uint64_t now = Committed(kRegionCells);
  CommitAhead(g_image_file);
  EXPECT_EQ(Committed(kRegionCells), now) << "no more than that";
}

TEST_F(ImageMemoryTest, ATableOfMappingsThatWasRefusedIsTriedAgain) {
  const uint64_t budget = g_image_file.budget_bytes, before = Committed(kRegionMaps);
  ImageHeader()->map_count = static_cast<uint32_t>(before / sizeof(capture::MapEntry));
  CommitAhead(g_image_file);
  EXPECT_EQ(Committed(kRegionMaps), before) << "most programs need no more";
  g_image_file.budget_bytes = 0;
  ASSERT_FALSE(CommitRegion(kRegionMaps, before + 1));
  g_image_file.budget_bytes = budget;
  CommitAhead(g_image_file);
  EXPECT_GT(Committed(kRegionMaps), before);
  EXPECT_TRUE(CommitRegion(kRegionMaps, before + 1));
}

TEST_F(ImageMemoryTest, AChildThatWasForkedInTheMiddleOfARecordWritesIntoACopy) {
  ASSERT_TRUE(Grow(kRegionCells, 4096));
  ImageHeader()->work_units = 5;
  const auto body = [] {
    MakeImagePrivate();
    if (ImageHeader()->work_units != 5 || At(kRegionCells, 4095)[0] != 1) return 1;
    ImageHeader()->work_units = 6;
    At(kRegionCells, 0)[0] = 9;
    return 0;
  };
  EXPECT_EQ(InChild(body), 0);
  EXPECT_EQ(ImageHeader()->work_units, 5u);
  EXPECT_EQ(At(kRegionCells, 0)[0], 1);
}

TEST_F(ImageMemoryTest, WithoutACopyAChildWouldWriteIntoItsParentsBooks) {
  const auto body = [] {
    ImageHeader()->work_units = 6;
    return 0;
  };
  EXPECT_EQ(InChild(body), 0);
  EXPECT_EQ(ImageHeader()->work_units, 6u) << "else the test above proves nothing";
}

TEST_F(ImageMemoryTest, ARecorderThatNobodyNeedsGivesItsPagesBackAndKeepsItsHeader) {
  ASSERT_TRUE(Grow(kRegionLive, uint64_t{4} << 20));
  ASSERT_TRUE(Grow(capture::kRegionModules, 4096));
  const uint64_t before = FileBytes();
  EmptyImage();
  EXPECT_LT(FileBytes() + (uint64_t{4} << 20), before + 1);
  EXPECT_EQ(ImageHeader()->magic, capture::kRecorderMagic);
  EXPECT_EQ(At(kRegionLive, 0)[0], 0) << "still mapped, and zero";
  EXPECT_EQ(At(capture::kRegionModules, 0)[0], 1) << "a walk may be looking at a module";
}

TEST_F(ImageMemoryTest, AnImageThatGaveWayIsUnmappedPieceByPiece) {
  const MappedImage mapped = WhatIsMapped();
  char* const header = g_image_file.base;
  char* const cells = At(kRegionCells, 0);
  const uint64_t before = AddressSpace();
  Unmap(mapped);
  EXPECT_FALSE(raw::Readable(header));
  EXPECT_FALSE(raw::Readable(cells));
  EXPECT_LE(AddressSpace() + (uint64_t{2} << 20), before);
  close(g_image_file.fd);
  UseImage({}, 0);
}

}  // namespace
}  // namespace leaktrack::track
