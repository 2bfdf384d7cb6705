// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/roots/roots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "libtrack/capture/own_addresses.h"
#include "tests/support/made_memory.h"

namespace leaktrack::witness {
namespace {

using leaktrack::testing::MadeMemory;

constexpr uint64_t kInOwnRange = capture::kLowestOwnAddress + (uint64_t{7} << 30);
constexpr uint64_t kElsewhere = 0x7f5500000000;

// Does a root begin at `address`?
bool IsRoot(uint64_t address, const std::string& library, const std::string& path = "") {
  MadeMemory memory;
  memory.Map(address, std::vector<char>(4096), path);
  RootsInput input;
  Module module;
  module.path = library;
  module.range = {0x7f0000000000, 0x7f0000010000};
  input.modules = {module};
  return std::ranges::any_of(FindRoots(memory, input),
                             [&](const Root& root) { return root.range.start == address; });
}

TEST(RootsTest, TheTablesOfTheTrackerHoldNothing) {
  EXPECT_FALSE(IsRoot(kInOwnRange, "/opt/leaktrack/lib/libleaktrack.so"));
}

TEST(RootsTest, WithoutTheTrackerThatRangeIsAsGoodAsAnother) {
  EXPECT_TRUE(IsRoot(kInOwnRange, "/usr/lib/libother.so"));
}

TEST(RootsTest, MemoryOfATrackedProgramIsARoot) {
  EXPECT_TRUE(IsRoot(kElsewhere, "/opt/leaktrack/lib/libleaktrack.so"));
}

TEST(RootsTest, AFileThatTheProgramMapsThereIsNoTableOfTheTracker) {
  EXPECT_TRUE(IsRoot(kInOwnRange, "/opt/leaktrack/lib/libleaktrack.so", "/var/lib/data.bin"));
}

}  // namespace
}  // namespace leaktrack::witness
