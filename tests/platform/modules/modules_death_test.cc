// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "libtrack/platform/modules/module_index.h"
#include "libtrack/platform/modules/module_map.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

TEST(ModuleIndexDeathTest, NumbersAreGivenInOrder) {
  static ModuleIndex index;
  EXPECT_PRECONDITION(index.Publish(2, {}, {}), "number == count() + 1");
}

TEST(ModuleMapDeathTest, IsBoundToATable) {
  EXPECT_PRECONDITION(BindModuleMap({}), "table.entries != nullptr");
}

}  // namespace
}  // namespace leaktrack::track
