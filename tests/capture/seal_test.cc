// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/seal.h"

#include <gtest/gtest.h>

namespace leaktrack::capture {
namespace {

TEST(PackedSealTest, IsFoundBehindAnythingAndOnlyWhole) {
  const std::string text = "names";
  const std::vector<uint8_t> packed = PackSeal(text);
  std::vector<uint8_t> file = {1, 2, 3};
  file.insert(file.end(), packed.begin(), packed.end());
  const SealedFile split = SplitSeal(file);
  EXPECT_EQ(split.text, text);
  EXPECT_EQ(split.capture.size(), 3u);
  EXPECT_EQ(split.problem, "");
  for (size_t i = 3; i < file.size(); ++i) {
    std::vector<uint8_t> flipped = file;
    flipped[i] ^= 0x40;
    EXPECT_EQ(SplitSeal(flipped).text, "") << i;
    EXPECT_EQ(SplitSeal(std::span<const uint8_t>(file).first(i)).text, "") << i;
  }
}

}  // namespace
}  // namespace leaktrack::capture
