// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "libtrack/platform/real/bootstrap.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

TEST(BootstrapDeathTest, AlignmentsArePowersOfTwo) {
  EXPECT_PRECONDITION(BootstrapAllocate(100, 48), "(alignment & (alignment - 1)) == 0");
}

TEST(BootstrapDeathTest, OnlyItsOwnBlocksHaveASize) {
  char block[64] = {};
  EXPECT_PRECONDITION(BootstrapSize(block + 32), "IsBootstrapBlock(block)");
}

}  // namespace
}  // namespace leaktrack::track
