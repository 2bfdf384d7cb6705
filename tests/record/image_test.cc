// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/image.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

TEST(ImageTest, RegionsArePageAlignedApartAndInsideTheImage) {
  const ImagePlan plan = PlanImage({});
  uint64_t end = plan.header_bytes;
  for (const auto& region : plan.regions) {
    EXPECT_EQ(region.offset % 4096, 0u);
    EXPECT_EQ(region.offset, end);
    EXPECT_LE(region.initial_bytes, region.reserved_bytes);
    end = region.offset + region.reserved_bytes;
  }
  EXPECT_EQ(plan.image_bytes, end);
}

TEST(ImageTest, StartsSmallAndStaysBounded) {
  const ImagePlan plan = PlanImage({});
  uint64_t at_start = plan.header_bytes;
  for (const auto& region : plan.regions) at_start += region.initial_bytes;
  EXPECT_LE(at_start, 6u << 20);
  EXPECT_LE(plan.image_bytes, 48u << 20);
}

TEST(ImageTest, ExactModeHasRoomForTheBlocksItPromises) {
  const ImagePlan plan = PlanImage({.exact_block_limit = 1'400'000});
  EXPECT_GE(plan.regions[capture::kRegionLive].reserved_bytes, 1'400'000u * 32);
}

TEST(ImageTest, AnImageWithoutMemoryIsRefused) {
  auto refuse = [](void*, capture::RegionId, uint64_t) { return false; };
  const ImagePlan plan = PlanImage({});
  void* const fresh =
      mmap(nullptr, plan.header_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(fresh, MAP_FAILED);
  EXPECT_FALSE(InitImage(fresh, plan, refuse, nullptr));
  munmap(fresh, plan.header_bytes);
}

TEST(ImageTest, PagesAreAskedForInStepsAndNeverBeyondTheReserve) {
  TestImage image;
  ASSERT_TRUE(image.good());
  const int before = image.commits();
  EXPECT_TRUE(image.view().Ensure(capture::kRegionDepotArena, kCommitStep));
  EXPECT_EQ(image.commits(), before);
  EXPECT_TRUE(image.view().Ensure(capture::kRegionDepotArena, kCommitStep + 1));
  EXPECT_EQ(image.header().regions[capture::kRegionDepotArena].committed_bytes.load(),
            2 * kCommitStep);
  EXPECT_FALSE(image.view().Ensure(capture::kRegionDepotArena, (16u << 20) + 1));
}

TEST(ImageTest, ATrackerRefusesAnImageThatIsNotOne) {
  std::vector<char> zeros(16'384);
  auto tracker = std::make_unique<Tracker>();
  auto filter = std::make_unique<Filter>();
  EXPECT_FALSE(tracker->Bind({.image = zeros.data(), .filter = filter.get()}));
}

}  // namespace
}  // namespace leaktrack::track
