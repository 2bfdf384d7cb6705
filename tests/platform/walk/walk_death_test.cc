// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "libtrack/platform/walk/stack_cache.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

TEST(StackCacheDeathTest, NothingIsNoValueToKeep) {
  static StackCache cache{};
  static UnwindMemo memo{};
  EXPECT_PRECONDITION(cache.Keep(memo, {}, 0), "value != 0");
}

}  // namespace
}  // namespace leaktrack::track
