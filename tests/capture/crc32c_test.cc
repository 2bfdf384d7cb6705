// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/crc32c.h"

#include <gtest/gtest.h>

namespace leaktrack::capture {
namespace {

TEST(Crc32cTest, GivesThePublishedCheckValue) { EXPECT_EQ(Crc32c("123456789", 9), 0xe3069283u); }

TEST(Crc32cTest, CanBeContinued) {
  EXPECT_EQ(Crc32c("6789", 4, Crc32c("12345", 5)), Crc32c("123456789", 9));
}

}  // namespace
}  // namespace leaktrack::capture
