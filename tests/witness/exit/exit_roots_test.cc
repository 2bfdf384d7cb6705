// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/exit/exit_roots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "libtrack/capture/own_addresses.h"
#include "tests/support/made_memory.h"

namespace leaktrack::witness {
namespace {

using leaktrack::testing::MadeMemory;

constexpr uint64_t kProgram = 0x555500000000, kLibrary = 0x7f0000000000, kPage = 4096,
                   kMapping = 0x7f1000000000, kStack = 0x7f2000000000;

class ExitRootsTest : public ::testing::Test {
 protected:
  ExitRootsTest() {
    AddModule(kProgram, "/bin/program");
    AddModule(kLibrary, "/lib/liblibrary.so");
  }

  void AddModule(uint64_t start, const std::string& path) {
    Module module;
    module.path = path;
    module.range = {start, start + 4 * kPage};
    module.bias = start;
    modules_.push_back(module);
    memory_.Map(start, std::vector<char>(4 * kPage), path);
  }

  Thread Standing(uint64_t stack, uint64_t thread_pointer, bool is_main = false) {
    Thread thread;
    thread.tid = 7;
    thread.name = "worker";
    thread.stack_pointer = stack;
    thread.thread_pointer = thread_pointer;
    thread.is_main = is_main;
    return thread;
  }

  // Does a root cover the word at `address`?
  bool Covers(uint64_t address) {
    ExitRootsInput input{.modules = modules_,
                         .heap = {},
                         .own_state = {},
                         .unparsed = {},
                         .registered = registered_,
                         .excused = {},
                         .threads = threads_};
    return std::ranges::any_of(FindExitRoots(memory_, input),
                               [&](const Root& root) { return root.range.Contains(address); });
  }

  MadeMemory memory_;
  std::vector<Module> modules_;
  std::vector<Thread> threads_;
  std::vector<Range> registered_;
};

TEST_F(ExitRootsTest, DataOfAllModulesHoldsBlocks) {
  EXPECT_TRUE(Covers(kProgram + kPage));
  EXPECT_TRUE(Covers(kLibrary + 2 * kPage));
}

TEST_F(ExitRootsTest, DataOfTheTrackerHoldsNothing) {
  AddModule(kLibrary + 16 * kPage, "/opt/leaktrack/lib/libleaktrack.so");
  EXPECT_FALSE(Covers(kLibrary + 17 * kPage));
}

TEST_F(ExitRootsTest, AMappingThatNobodyRegisteredHoldsNothing) {
  memory_.Map(kMapping, std::vector<char>(4 * kPage));
  EXPECT_FALSE(Covers(kMapping + kPage));
  registered_ = {{kMapping, kMapping + 2 * kPage}};
  EXPECT_TRUE(Covers(kMapping + kPage));
  EXPECT_FALSE(Covers(kMapping + 3 * kPage));
}

TEST_F(ExitRootsTest, AStackHoldsBlocksFromWhereItsThreadStands) {
  memory_.Map(kStack, std::vector<char>(8 * kPage));
  const uint64_t descriptor = kStack + 7 * kPage;
  threads_ = {Standing(kStack + 4 * kPage, descriptor)};
  EXPECT_TRUE(Covers(kStack + 4 * kPage + 8));
  EXPECT_TRUE(Covers(descriptor + 0x310)) << "keys of the thread";
  EXPECT_FALSE(Covers(kStack + 3 * kPage)) << "dead frames";
}

TEST_F(ExitRootsTest, StacksOfThreadsThatHaveEndedHoldNothing) {
  memory_.Map(kStack, std::vector<char>(8 * kPage));
  EXPECT_FALSE(Covers(kStack + 4 * kPage));
}

TEST_F(ExitRootsTest, AThreadOnAnotherStackStillHasAllOfItsOwn) {
  memory_.Map(kMapping, std::vector<char>(4 * kPage));
  memory_.Map(kStack, std::vector<char>(8 * kPage));
  threads_ = {Standing(kMapping + 2 * kPage, kStack + 7 * kPage)};
  EXPECT_TRUE(Covers(kMapping + 3 * kPage));
  EXPECT_FALSE(Covers(kMapping + kPage));
  EXPECT_TRUE(Covers(kStack + kPage));
}

TEST_F(ExitRootsTest, AStackOfTheTrackerHoldsNothing) {
  const uint64_t own = capture::kLowestOwnAddress + (uint64_t{7} << 30);
  memory_.Map(own, std::vector<char>(4 * kPage));
  threads_ = {Standing(own + kPage, kStack)};
  EXPECT_FALSE(Covers(own + 2 * kPage));
}

TEST_F(ExitRootsTest, WhatTheLoaderDescribesModulesInHoldsBlocksFromThereOn) {
  memory_.Map(kMapping, std::vector<char>(8 * kPage));
  EXPECT_FALSE(Covers(kMapping + 6 * kPage));
  memory_.Put(kMapping + 5 * kPage + 16, kLibrary);                   // its bias
  memory_.Put(kMapping + 5 * kPage + 32, kLibrary + 3 * kPage + 64);  // its dynamic section
  EXPECT_TRUE(Covers(kMapping + 6 * kPage));
  EXPECT_FALSE(Covers(kMapping + 4 * kPage)) << "what somebody else mapped below";
}

TEST_F(ExitRootsTest, TheTableOfDynamicStorageHoldsWhatItsThreadHas) {
  memory_.Map(kMapping, std::vector<char>(2 * kPage));
  memory_.Map(kStack, std::vector<char>(8 * kPage));
  const uint64_t descriptor = kStack + 7 * kPage, table = kMapping + kPage + 16;
  memory_.Put(descriptor + 8, table);
  memory_.Put(table - 16, 3);  // slots
  threads_ = {Standing(kStack + 4 * kPage, descriptor)};
  EXPECT_TRUE(Covers(table + 3 * 16));
  EXPECT_FALSE(Covers(table + 4 * 16 + 8));
}

}  // namespace
}  // namespace leaktrack::witness
