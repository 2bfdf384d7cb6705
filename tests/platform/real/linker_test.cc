// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/linker.h"

#include <elf.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/link_object.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/bootstrap.h"
#include "libtrack/platform/real/link_scope.h"
#include "libtrack/platform/real/real_functions.h"

namespace leaktrack::track {
namespace {

TEST(LinkerTest, TheWalkByHandFindsWhatDlsymFinds) {
  for (const char* name : {"malloc", "free", "mmap", "execve", "pvalloc"}) {
    EXPECT_EQ(FindSymbolInLinkMap(name), dlsym(RTLD_NEXT, name)) << name;
  }
  EXPECT_EQ(FindSymbolInLinkMap("no_such_function_anywhere"), nullptr);
}

TEST(LinkerTest, TheFirstDefinitionIsTheOneThatTheProgramCalls) {
  for (const char* name : {"malloc", "free", "execve"})
    EXPECT_EQ(FindFirstSymbol(name), dlsym(RTLD_DEFAULT, name)) << name;
  EXPECT_EQ(FindFirstSymbol("no_such_function_anywhere"), nullptr);
}

TEST(LinkerTest, WhatWasThereAtTheStartIsForAllCallers) {
  NoteObjectsOfStart();
  const ScopedSymbol found =
      FindForCaller("malloc", reinterpret_cast<const void*>(&FindSymbolInLinkMap));
  EXPECT_TRUE(found.for_all);
  EXPECT_EQ(found.symbol.address, FindSymbolInLinkMap("malloc"));
}

TEST(LinkerTest, KnowsItsOwnAddresses) {
  EXPECT_TRUE(IsOurs(reinterpret_cast<const void*>(&FindSymbolInLinkMap)));
  EXPECT_FALSE(IsOurs(dlsym(RTLD_NEXT, "malloc")));
}

TEST(LinkerTest, AnObjectWithTheOlderHashTableAloneIsReadToo) {
  void* const library = dlopen(OLD_HASH_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  link_map* object = nullptr;
  ASSERT_EQ(dlinfo(library, RTLD_DI_LINKMAP, &object), 0);
  for (const char* name : {"first_of_the_old", "second_of_the_old"})
    EXPECT_EQ(FindInObject(object, name), dlsym(library, name)) << name;
  EXPECT_EQ(FindInObject(object, "malloc"), nullptr);
  EXPECT_GT(FindRangeInObject(object, "first_of_the_old").bytes, 0u);
  dlclose(library);
}

TEST(ClockTest, TheKernelsOwnFunctionIsFoundAndTellsTheTime) {
  const auto image = static_cast<uintptr_t>(getauxval(AT_SYSINFO_EHDR));
  if (image == 0) GTEST_SKIP() << "this kernel maps no vDSO";
  ASSERT_NE(FindClockInImage(image), nullptr);
  errno = 77;
  for (const clockid_t clock :
       {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_THREAD_CPUTIME_ID}) {
    timespec before{}, after{};
    clock_gettime(clock, &before);
    const int64_t now = ReadClockNs(clock);
    clock_gettime(clock, &after);
    EXPECT_GE(now, int64_t{before.tv_sec} * 1'000'000'000 + before.tv_nsec);
    EXPECT_LE(now, int64_t{after.tv_sec} * 1'000'000'000 + after.tv_nsec);
  }
  EXPECT_EQ(errno, 77);
}

TEST(ClockTest, WhereThereIsNoVdsoNothingIsFound) {
  EXPECT_EQ(FindClockInImage(0), nullptr);
  alignas(8) char not_elf[sizeof(Elf64_Ehdr)] = {};
  EXPECT_EQ(FindClockInImage(reinterpret_cast<uintptr_t>(not_elf)), nullptr);
  // An image without the segment that says where its names are.
  std::memcpy(not_elf, ELFMAG, SELFMAG);
  EXPECT_EQ(FindClockInImage(reinterpret_cast<uintptr_t>(not_elf)), nullptr);
}

TEST(ClockTest, WithoutAVdsoTheKernelIsAskedAndUnderAFilterNobodyIs) {
  errno = 77;
  timespec first{}, second{};
  ASSERT_EQ(ReadClockByCall(CLOCK_MONOTONIC_COARSE, &first), 0);
  EXPECT_LE(std::abs(first.tv_sec * 1'000'000'000 + first.tv_nsec - MonotonicCoarseNs()),
            1'000'000'000);
  raw::forbidden.store(1);
  ASSERT_EQ(ReadClockByCall(CLOCK_MONOTONIC_COARSE, &second), 0);
  raw::forbidden.store(0);
  EXPECT_EQ(second.tv_sec, first.tv_sec);
  EXPECT_EQ(second.tv_nsec, first.tv_nsec);
  EXPECT_EQ(errno, 77);
}

TEST(RealFunctionsTest, WhatTheCLibraryLacksFailsAsItsKindDoes) {
  ASSERT_TRUE(ResolveRealFunctions());
  const RealFunctions found = g_real;
  g_real.execveat = nullptr;
  g_real.pvalloc = nullptr;
  g_real.aligned_alloc = nullptr;
  FillGaps(g_real);
  void* const pages = g_real.pvalloc(5000);
  ASSERT_NE(pages, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pages) % 4096, 0u);
  EXPECT_GE(g_real.malloc_usable_size(pages), 8192u);
  g_real.free(pages);
  errno = 0;
  EXPECT_EQ(g_real.pvalloc(SIZE_MAX), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  errno = 0;
  EXPECT_EQ(g_real.aligned_alloc(64, 64), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  errno = 0;
  EXPECT_EQ(g_real.execveat(-1, "/no/such/program", nullptr, nullptr, 0), -1);
  EXPECT_EQ(errno, ENOENT);
  g_real = found;
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

TEST(BootstrapTest, ASizeThatCannotBeIsRefused) {
  EXPECT_EQ(BootstrapAllocate(SIZE_MAX - 5, 16), nullptr);
}

}  // namespace
}  // namespace leaktrack::track
