// SPDX-License-Identifier: Apache-2.0
//
// What mmap, munmap, mremap and mprotect mean for the record: on real mappings, with real functions
// that can be made to fail.
#include "libtrack/wrap/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <initializer_list>
#include <utility>

#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

constexpr size_t kPage = 4096;
constexpr int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS, kShared = MAP_SHARED | MAP_ANONYMOUS;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;

class MappingTest : public ::testing::Test {
 protected:
  char* Map(size_t pages, int protection = kReadWrite, int flags = kPrivate, int fd = -1) {
    void* const mapped = MapMemory(nullptr, pages * kPage, protection, flags, fd, 0);
    EXPECT_NE(mapped, MAP_FAILED);
    return static_cast<char*>(mapped);
  }
  uint64_t pages() { return run_.mapped_bytes() / kPage; }

  TrackedRun run_;
};

[[gnu::noinline]] void* MapsHere() {
  void* const mapped = MapMemory(nullptr, kPage, kReadWrite, kPrivate, -1, 0);
  asm volatile("" ::: "memory");
  return mapped;
}

TEST_F(MappingTest, AWritableMappingIsMemoryOfItsCaller) {
  void* const mapped = MapsHere();
  EXPECT_EQ(run_.mapped_bytes(), kPage);
  const capture::SiteId site = run_.SiteOfMapping(mapped);
  ASSERT_NE(site, 0u);
  EXPECT_TRUE(run_.IsFrameIn(site, 0, reinterpret_cast<const void*>(&MapsHere)));
  EXPECT_EQ(run_.StackOf(site).kind, static_cast<uint8_t>(capture::SiteKind::kMapping));
  EXPECT_EQ(UnmapMemory(mapped, kPage), 0);
  EXPECT_EQ(run_.mappings(), 0u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, LengthsAreWholePages) {
  char* const mapped = static_cast<char*>(MapMemory(nullptr, 100, kReadWrite, kPrivate, -1, 0));
  EXPECT_EQ(pages(), 1u);
  EXPECT_EQ(UnmapMemory(mapped, 1), 0);
  EXPECT_EQ(pages(), 0u);
}

TEST_F(MappingTest, WhatCannotBeWrittenIsAddressSpaceUntilItIsOpened) {
  char* const mapped = Map(8, PROT_NONE);
  char* const zeroes = Map(8, PROT_READ);
  EXPECT_EQ(pages(), 0u);
  EXPECT_EQ(ProtectMemory(mapped + kPage, 2 * kPage, kReadWrite), 0);
  EXPECT_EQ(ProtectMemory(zeroes, kPage, kReadWrite), 0);
  EXPECT_EQ(pages(), 3u);
  EXPECT_EQ(ProtectMemory(mapped + kPage, 2 * kPage, PROT_NONE), 0);
  EXPECT_EQ(pages(), 3u) << "closing gives no page back";
  EXPECT_EQ(ProtectMemory(mapped + kPage, 2 * kPage, kReadWrite), 0);
  EXPECT_EQ(pages(), 3u) << "and opening it again takes none";
  EXPECT_EQ(UnmapMemory(mapped, 8 * kPage), 0);
  EXPECT_EQ(pages(), 1u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, ASharedMappingCostsAlsoWhereItIsOnlyRead) {
  Map(2, PROT_READ, kShared);
  EXPECT_EQ(pages(), 2u);
}

TEST_F(MappingTest, OfFilesOnlyThoseInMemoryCount) {
  const int in_memory = memfd_create("made", 0), zero = open("/dev/zero", O_RDWR);
  const int on_disk = open("/bin/sh", O_RDONLY);
  ASSERT_EQ(ftruncate(in_memory, 4 * kPage), 0);
  Map(1, kReadWrite, MAP_SHARED, in_memory);
  EXPECT_EQ(pages(), 1u);
  Map(1, PROT_READ, MAP_SHARED, in_memory);
  EXPECT_EQ(pages(), 1u) << "read, it is a file like others";
  Map(1, kReadWrite, MAP_PRIVATE, zero);
  EXPECT_EQ(pages(), 2u);
  Map(1, kReadWrite, MAP_PRIVATE, on_disk);
  EXPECT_EQ(pages(), 2u);
  for (const int fd : {in_memory, zero, on_disk}) close(fd);
}

TEST_F(MappingTest, ACallThatFailsRemembersNothingAndForgetsNothing) {
  char* const mapped = Map(4);
  const auto refused = [](auto call) {
    made::g_script.refusals = 1;
    errno = 0;
    const bool failed = call();
    EXPECT_EQ(errno, ENOMEM);
    return failed;
  };
  EXPECT_TRUE(refused([] {
    return MapMemory(nullptr, kPage, kReadWrite, kPrivate, -1, 0) == MAP_FAILED;
  })) << "mmap";
  EXPECT_TRUE(refused([&] {
    return MapMemory(mapped, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0) == MAP_FAILED;
  })) << "mmap over what is there";
  EXPECT_TRUE(refused([&] { return UnmapMemory(mapped, 4 * kPage) == -1; })) << "munmap";
  EXPECT_TRUE(refused([&] {
    return RemapMemory(mapped, 4 * kPage, 8 * kPage, MREMAP_MAYMOVE, nullptr) == MAP_FAILED;
  })) << "mremap";
  EXPECT_TRUE(refused([&] {
    return RemapMemory(mapped, 0, kPage, MREMAP_MAYMOVE, nullptr) == MAP_FAILED;
  })) << "mremap that copies";
  EXPECT_TRUE(refused([&] { return ProtectMemory(mapped, kPage, PROT_NONE) == -1; }));
  EXPECT_EQ(pages(), 4u);
  EXPECT_EQ(run_.mappings(), 1u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, AnUnmapThatTheKernelRefusesForgetsNothing) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer clears its shadow of the whole range first, and ends the program";
#endif
  char* const mapped = Map(4);
  for (const auto& [at, bytes] : {std::pair(mapped + 1, 4 * kPage), std::pair(mapped, size_t{0}),
                                  std::pair(mapped, SIZE_MAX - kPage)}) {
    errno = 0;
    EXPECT_EQ(UnmapMemory(at, bytes), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(pages(), 4u);
  }
}

TEST_F(MappingTest, ErrnoIsLeftAloneByWhatSucceeds) {
  errno = EDOM;
  char* const reserved = Map(2, PROT_NONE);
  ProtectMemory(reserved, kPage, kReadWrite);
  char* const mapped = Map(2);
  void* const moved = RemapMemory(mapped, 2 * kPage, 16 * kPage, MREMAP_MAYMOVE, nullptr);
  UnmapMemory(moved, 16 * kPage);
  EXPECT_EQ(errno, EDOM);
}

TEST_F(MappingTest, AHoleInTheMiddleLeavesTwoPieces) {
  char* const mapped = Map(5);
  EXPECT_EQ(UnmapMemory(mapped + 2 * kPage, kPage), 0);
  EXPECT_EQ(pages(), 4u);
  EXPECT_EQ(run_.mappings(), 2u);
  EXPECT_EQ(run_.SiteOfMapping(mapped), run_.SiteOfMapping(mapped + 4 * kPage));
  run_.ExpectBalanced();
}

TEST_F(MappingTest, AMappingInAFixedPlaceTakesThePlaceOfWhatWasThere) {
  char* const mapped = Map(4);
  MapMemory(mapped + kPage, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0);
  EXPECT_EQ(pages(), 4u);
  EXPECT_NE(run_.SiteOfMapping(mapped), run_.SiteOfMapping(mapped + kPage));
  MapMemory(mapped, 4 * kPage, PROT_NONE, kPrivate | MAP_FIXED, -1, 0);
  EXPECT_EQ(pages(), 0u) << "a reservation costs nothing";
  EXPECT_EQ(ProtectMemory(mapped, kPage, kReadWrite), 0);
  EXPECT_EQ(pages(), 1u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, RemapGrowsMovesAndShrinks) {
  char* const mapped = Map(4);
  char* const moved =
      static_cast<char*>(RemapMemory(mapped, 4 * kPage, 64 * kPage, MREMAP_MAYMOVE, nullptr));
  ASSERT_NE(moved, MAP_FAILED);
  EXPECT_EQ(pages(), 64u);
  EXPECT_NE(run_.SiteOfMapping(moved + 63 * kPage), 0u);
  EXPECT_EQ(RemapMemory(moved, 64 * kPage, kPage, 0, nullptr), moved);
  EXPECT_EQ(pages(), 1u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, RemapToAFixedPlaceEndsWhatLayThere) {
  char* const mapped = Map(2);
  char* const place = Map(8);
  const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
  ASSERT_EQ(RemapMemory(mapped, 2 * kPage, 2 * kPage, flags, place + kPage), place + kPage);
  EXPECT_EQ(pages(), 8u);
  EXPECT_EQ(run_.SiteOfMapping(mapped), 0u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, RemapThatLeavesTheOldRangeMakesTwo) {
  char* const mapped = Map(3);
  constexpr int kDontUnmap = 4;  // MREMAP_DONTUNMAP
  void* const moved =
      RemapMemory(mapped, 3 * kPage, 3 * kPage, MREMAP_MAYMOVE | kDontUnmap, nullptr);
  if (moved == MAP_FAILED) GTEST_SKIP() << "Linux 5.7 has it";
  EXPECT_EQ(pages(), 6u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, RemapOfLengthZeroIsACopy) {
  char* const shared = Map(2, kReadWrite, kShared);
  void* const copy = RemapMemory(shared, 0, 2 * kPage, MREMAP_MAYMOVE, nullptr);
  ASSERT_NE(copy, MAP_FAILED);
  EXPECT_EQ(pages(), 4u);
  EXPECT_NE(run_.SiteOfMapping(copy), run_.SiteOfMapping(shared));
  run_.ExpectBalanced();
}

TEST_F(MappingTest, RemapKeepsKinds) {
  char* const reserved = Map(2, PROT_NONE);
  char* const moved =
      static_cast<char*>(RemapMemory(reserved, 2 * kPage, 64 * kPage, MREMAP_MAYMOVE, nullptr));
  ASSERT_NE(moved, MAP_FAILED);
  EXPECT_EQ(pages(), 0u);
  EXPECT_EQ(ProtectMemory(moved + 60 * kPage, kPage, kReadWrite), 0);
  EXPECT_EQ(pages(), 1u) << "what was reserved is so at its new place";
  void* const unknown = mmap(nullptr, kPage, kReadWrite, kPrivate, -1, 0);
  ASSERT_NE(RemapMemory(unknown, kPage, 2 * kPage, MREMAP_MAYMOVE, nullptr), MAP_FAILED);
  EXPECT_EQ(pages(), 1u) << "what was not recorded stays unrecorded";
}

TEST_F(MappingTest, WhatTheAllocatorMapsForItselfIsNotTheProgramsMapping) {
  void* const page = made::MapPageBy(MapMemory);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_EQ(pages(), 0u);
}

TEST_F(MappingTest, InsideAHookAMappingIsCountedAndNotRecorded) {
  const HookGuard guard;
  Map(1);
  EXPECT_EQ(pages(), 0u);
  EXPECT_EQ(run_.loss(capture::kNestedAllocations), 1u);
}

TEST_F(MappingTest, BeforeTheRealFunctionsAreKnownTheKernelItselfIsAsked) {
  g_real_resolved.store(false);
  char* const mapped = Map(2);
  EXPECT_EQ(ProtectMemory(mapped, 2 * kPage, PROT_READ), 0);
  void* const moved = RemapMemory(mapped, 2 * kPage, 3 * kPage, MREMAP_MAYMOVE, nullptr);
  EXPECT_NE(moved, MAP_FAILED);
  errno = 0;
  EXPECT_EQ(UnmapMemory(static_cast<char*>(moved) + 1, kPage), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(UnmapMemory(moved, 3 * kPage), 0);
  EXPECT_EQ(made::g_script.mapping_calls, 0);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, WithoutAKeyAProtectionByKeyIsMprotect) {
  char* const reserved = Map(2, PROT_NONE);
  EXPECT_EQ(ProtectMemoryByKey(reserved, kPage, kReadWrite, -1), 0);
  EXPECT_EQ(pages(), 1u);
  errno = 0;
  EXPECT_EQ(ProtectMemoryByKey(reserved + kPage, kPage, kReadWrite, 12345), -1);
  EXPECT_NE(errno, 0);
  EXPECT_EQ(pages(), 1u) << "there is no such key";
}

TEST_F(MappingTest, AMappingThatBacksAPoolIsForgotten) {
  char* const mapped = Map(4);
  ForgetMapping(mapped, 4 * kPage);
  EXPECT_EQ(pages(), 0u);
  run_.ExpectBalanced();
}

TEST_F(MappingTest, WithTheGateShutNothingIsRecordedOrForgotten) {
  char* const mapped = Map(4);
  g_filter.Shut();
  EXPECT_EQ(UnmapMemory(mapped, 4 * kPage), 0);
  EXPECT_EQ(pages(), 4u) << "a fork child has no say in its parent's books";
}

}  // namespace
}  // namespace leaktrack::track
