// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the walk of a heap of glibc's, with all that is done with its blocks.
//
// Input: where the top is (4 bytes, from the heap's start), the first chunks of the fast bins (4
// bytes each), then the heap. Held beside "no crash": blocks are in their order, do not overlap and
// lie in the heap; pointers lead to blocks; a lost block's head is lost.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/fuzz/require.h"
#include "tests/support/made_memory.h"
#include "tools/witness/judge.h"

namespace {

using namespace leaktrack;           // NOLINT
using namespace leaktrack::testing;  // NOLINT
using namespace leaktrack::witness;  // NOLINT

constexpr size_t kMostHeap = 256 << 10;

void RequireWhole(const Reading& reading) {
  const Heap& heap = reading.heap;
  Require(heap.blocks.empty() || heap.first.size() == heap.blocks.size() + 1);
  Require(heap.first_word.size() == heap.blocks.size());
  for (size_t i = 0; i < heap.blocks.size(); ++i) {
    const Block& block = heap.blocks[i];
    Require(block.address >= kMadeHeap && block.size >= 8);
    Require(i == 0 || heap.blocks[i - 1].address + heap.blocks[i - 1].size <= block.address);
    Require(heap.first[i] <= heap.first[i + 1] && heap.first[i + 1] <= heap.targets.size());
    const uint32_t head = reading.reach.head[i];
    Require(head == kNoBlock ||
            (!reading.reach.IsReached(head) && reading.reach.head[head] == head));
  }
  for (const uint32_t target : heap.targets) Require((target & ~kInterior) < heap.blocks.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t places[1 + kFastBins];
  if (size <= sizeof places) return 0;
  memcpy(places, data, sizeof places);
  const size_t room = std::min(size - sizeof places, kMostHeap);
  std::vector<char> heap((room + 4095) / 4096 * 4096), library(8192);
  memcpy(heap.data(), data + sizeof places, room);
  GlibcArena arena = EmptyArena(kMadeArena, kMadeHeap + places[0] / 16 * 16, heap.size());
  for (int i = 0; i < kFastBins; ++i)
    arena.fast_bins[i] = places[i + 1] == 0 ? 0 : kMadeHeap + places[i + 1];
  memcpy(library.data() + 0x100, &arena, sizeof arena);
  const uint64_t variable = kMadeHeap + 16;
  memcpy(library.data() + 4096, &variable, sizeof variable);
  MadeMemory memory;
  memory.Map(kMadeHeap, std::move(heap), "[heap]");
  memory.Map(kMadeLibrary, std::move(library), "/lib/libc.so.6");
  Classes classes;
  const SymbolizerOptions symbols;
  const Reading reading =
      ReadHeap(memory, {.blocks = 1 << 16, .pointers = 1 << 18}, symbols, classes);
  RequireWhole(reading);
  const Earlier earlier = Summarise(memory, reading);
  Look look;
  Judge(memory,
        {.reading = reading,
         .earlier = &earlier,
         .seconds_between = 1,
         .classes = classes,
         .symbols = symbols},
        look);
  return 0;
}
