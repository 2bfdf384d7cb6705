// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/glibc_heap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "tests/support/made_memory.h"

namespace leaktrack::witness {
namespace {

using leaktrack::testing::kMadeArena;
using leaktrack::testing::kMadeHeap;
using leaktrack::testing::kMadeLibrary;
using leaktrack::testing::MadeHeap;
using leaktrack::testing::MadeMemory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Heap HeapOf(MadeMemory& memory) {
  std::vector<Range> own;
  return ReadGlibcHeap(memory, HeapLimits(), {}, own);
}

std::vector<uint64_t> InUse(const Heap& heap) {
  std::vector<uint64_t> addresses;
  for (const Block& block : heap.blocks) {
    if (!block.freed) addresses.push_back(block.address);
  }
  return addresses;
}

std::vector<uint32_t> TargetsOf(const Heap& heap, uint64_t address) {
  const uint32_t block = heap.Find(address);
  return {heap.targets.begin() + heap.first[block], heap.targets.begin() + heap.first[block + 1]};
}

// What a thread's cache stores for the entry behind `position`.
uint64_t Hidden(uint64_t position, uint64_t next) { return position >> 12 ^ next; }

TEST(GlibcHeap, ListsTheBlocksInUseAndTheirSizesButNoFreeOnes) {
  MadeHeap made;
  const uint64_t first = made.Add(24);
  made.Add(104, /*in_use=*/false);
  const uint64_t last = made.Add(4056);
  MadeMemory memory;
  made.Finish(memory);
  const Heap heap = HeapOf(memory);
  EXPECT_EQ(heap.allocator, "glibc");
  EXPECT_THAT(InUse(heap), ElementsAre(first, last));
  EXPECT_EQ(heap.blocks[1].size, 4056u);
  EXPECT_THAT(heap.doubts, IsEmpty());
  EXPECT_EQ(heap.arenas[0].in_use, 32u + 4064u);
  EXPECT_EQ(heap.arenas[0].in_use + heap.arenas[0].free, heap.arenas[0].system);
}

TEST(GlibcHeap, FollowsPointersBetweenBlocksAndTellsThoseIntoTheMiddle) {
  MadeHeap made;
  const uint64_t holder = made.Add(40), start = made.Add(56), middle = made.Add(56);
  made.Word(holder) = start;
  made.Word(holder + 8) = middle + 24;
  made.Word(holder + 16) = middle + 4096 * 4;  // behind all blocks
  MadeMemory memory;
  made.Finish(memory);
  const Heap heap = HeapOf(memory);
  EXPECT_THAT(TargetsOf(heap, holder), ElementsAre(1u, 2u | kInterior));
}

TEST(GlibcHeap, TakesNoPointersFromFreeBlocks) {
  MadeHeap made;
  const uint64_t freed = made.Add(104, /*in_use=*/false), target = made.Add(24);
  made.Word(freed + 16) = target;
  MadeMemory memory;
  made.Finish(memory);
  EXPECT_THAT(HeapOf(memory).targets, IsEmpty());
}

class FreeLists : public ::testing::TestWithParam<bool> {
 protected:
  uint64_t Link(uint64_t position, uint64_t next) const {
    return GetParam() ? Hidden(position, next) : next;
  }
};

TEST_P(FreeLists, OfACacheAreNoBlocks) {
  MadeHeap made;
  const uint64_t cache = made.Add(sizeof(GlibcTcache) + 8), used = made.Add(40);
  const uint64_t one = made.Add(40), two = made.Add(40);
  made.Word(cache) = 2 << 16;  // two of the second size
  made.Word(cache + 128 + 8) = one;
  made.Word(one) = Link(one, two);
  made.Word(two) = Link(two, 0);
  MadeMemory memory;
  made.Finish(memory);
  const Heap heap = HeapOf(memory);
  EXPECT_THAT(InUse(heap), ElementsAre(cache, used));
  EXPECT_EQ(heap.arenas[0].cached, 2u * 48);
}

TEST_P(FreeLists, OfFastBinsAreNoBlocks) {
  MadeHeap made;
  const uint64_t used = made.Add(40), one = made.Add(40), two = made.Add(40);
  made.arena().fast_bins[1] = one - kHeader;
  made.Word(one) = Link(one, two - kHeader);
  made.Word(two) = Link(two, 0);
  MadeMemory memory;
  made.Finish(memory);
  const Heap heap = HeapOf(memory);
  EXPECT_THAT(InUse(heap), ElementsAre(used));
  EXPECT_THAT(heap.doubts, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(LinksPlainAndHidden, FreeLists, ::testing::Bool());

TEST(GlibcHeap, BelievesNoBlockToBeACacheWhoseListsLeadElsewhere) {
  MadeHeap made;
  const uint64_t impostor = made.Add(sizeof(GlibcTcache) + 8), other = made.Add(104);
  made.Word(impostor) = 1;  // one of the first size, but the block there has another
  made.Word(impostor + 128) = other;
  MadeMemory memory;
  made.Finish(memory);
  EXPECT_THAT(InUse(HeapOf(memory)), ElementsAre(impostor, other));
}

TEST(GlibcHeap, SaysWhereAHeaderMakesNoSenseAndGoesOnBehindIt) {
  MadeHeap made;
  const uint64_t first = made.Add(24), broken = made.Add(40);
  for (int i = 0; i < 8; ++i) made.Add(56);
  made.Word(broken - 8) = 0x4141414141414141;
  MadeMemory memory;
  made.Finish(memory);
  const Heap heap = HeapOf(memory);
  EXPECT_THAT(InUse(heap), ::testing::SizeIs(::testing::Ge(8u)));
  EXPECT_EQ(heap.blocks[1].address, first + 32 + 48) << "the block behind the broken one";
  EXPECT_THAT(heap.doubts, ElementsAre(HasSubstr("makes no sense")));
  EXPECT_THAT(heap.unparsed, ElementsAre(Range{broken - kHeader, broken - kHeader + 48}));
}

TEST(GlibcHeap, FindsBlocksWithAMappingOfTheirOwnAlsoBehindEachOther) {
  MadeHeap made;
  made.Add(24);
  MadeMemory memory;
  std::vector<char> mapped(4096 * 5);
  const auto put = [&](size_t at, uint64_t size) {
    const uint64_t word = size | kIsMapped;
    memcpy(mapped.data() + at + 8, &word, sizeof word);
  };
  put(0, 4096 * 3);
  put(4096 * 3, 4096 * 2);
  made.Finish(memory);
  memory.Map(0x7f1000000000, std::move(mapped));
  const Heap heap = HeapOf(memory);
  EXPECT_THAT(InUse(heap), ElementsAre(kMadeHeap + 16, 0x7f1000000010, 0x7f1000003010));
  EXPECT_EQ(heap.blocks[1].size, 4096u * 3 - 16);
}

TEST(GlibcHeap, TakesNoArenaWhoseBinsAreNotItsOwn) {
  MadeHeap made;
  made.Add(24);
  MadeMemory memory;
  made.Finish(memory);
  memory.Put(kMadeArena + 0x70 + 16 * 90, kMadeLibrary);  // forward, and not back
  EXPECT_EQ(HeapOf(memory).allocator, "");
}

TEST(GlibcHeap, SaysHowManyPointersItHadNoRoomFor) {
  MadeHeap made;
  const uint64_t holder = made.Add(40), a = made.Add(24), b = made.Add(24);
  made.Word(holder) = a;
  made.Word(holder + 8) = b;
  MadeMemory memory;
  made.Finish(memory);
  std::vector<Range> own;
  const Heap heap = ReadGlibcHeap(memory, {.blocks = 100, .pointers = 1}, {}, own);
  EXPECT_EQ(heap.dropped_pointers, 1u);
  EXPECT_THAT(heap.doubts, ElementsAre(HasSubstr("no room for 1")));
}

}  // namespace
}  // namespace leaktrack::witness
