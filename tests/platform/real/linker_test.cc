// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/real/link_scope.h"
#include "libtrack/platform/os/linker.h"

#include <gtest/gtest.h>

#include "libtrack/platform/real/bootstrap.h"
#include "libtrack/platform/real/real_functions.h"

#include <cstring>

namespace leaktrack::track {
namespace {

TEST(LinkerTest, TheWalkByHandFindsWhatDlsymFinds) {
  for (const char* name : {"malloc", "free", "mmap", "execve", "pvalloc"}) {
    EXPECT_EQ(FindSymbolInLinkMap(name), dlsym(RTLD_NEXT, name)) << name;
  }
  EXPECT_EQ(FindSymbolInLinkMap("no_such_function_anywhere"), nullptr);
}

TEST(LinkerTest, TheFirstDefinitionIsTheOneThatTheProgramCalls) {
  for (const char* name : {"malloc", "free", "execve"}) EXPECT_EQ(FindFirstSymbol(name), dlsym(RTLD_DEFAULT, name)) << name;
  EXPECT_EQ(FindFirstSymbol("no_such_function_anywhere"), nullptr);
}

TEST(LinkerTest, WhatWasThereAtTheStartIsForAllCallers) {
  NoteObjectsOfStart();
  const ScopedSymbol found = FindForCaller("malloc", reinterpret_cast<const void*>(&FindSymbolInLinkMap));
  EXPECT_TRUE(found.for_all);
  EXPECT_EQ(found.symbol.address, FindSymbolInLinkMap("malloc"));
}

TEST(LinkerTest, KnowsItsOwnAddresses) {
  EXPECT_TRUE(IsOurs(reinterpret_cast<const void*>(&FindSymbolInLinkMap)));
  EXPECT_FALSE(IsOurs(dlsym(RTLD_NEXT, "malloc")));
}

TEST(RealFunctionsTest, FreeMayBeCalledBeforeAnythingElse) {
  void* block = malloc(10);
  g_real.free(block);
  EXPECT_TRUE(g_real_resolved.load());
  EXPECT_NE(g_real.malloc, nullptr);
  EXPECT_NE(g_real.realloc, nullptr);
}

TEST(BootstrapTest, BlocksAreAlignedZeroedAndNeverReachTheRealAllocator) {
  void* small = BootstrapAllocate(100, 64);
  void* large = BootstrapAllocate(1 << 20, 4096);
  for (void* block : {small, large}) {
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(IsBootstrapBlock(block));
    EXPECT_EQ(static_cast<char*>(block)[99], 0);
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(small) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(large) % 4096, 0u);
  EXPECT_EQ(BootstrapSize(large), size_t{1} << 20);

  ASSERT_TRUE(ResolveRealFunctions());
  GuardBootstrapBlocks();
  std::memset(small, 7, 100);
  auto* moved = static_cast<char*>(g_real.realloc(small, 200));
  ASSERT_FALSE(IsBootstrapBlock(moved));
  EXPECT_EQ(moved[99], 7);
  EXPECT_EQ(g_real.malloc_usable_size(large), size_t{1} << 20);
  g_real.free(moved);
  g_real.free(small);
  g_real.free(large);
}

TEST(BootstrapTest, ASizeThatCannotBeIsRefused) { EXPECT_EQ(BootstrapAllocate(SIZE_MAX - 5, 16), nullptr); }

}  // namespace
}  // namespace leaktrack::track
