// SPDX-License-Identifier: Apache-2.0
//
// What the callers of the system's side must hold to.
#include <gtest/gtest.h>

#include <span>

#include "libtrack/platform/os/maps_reader.h"
#include "libtrack/platform/os/recorder_file.h"
#include "libtrack/platform/os/side_call.h"
#include "libtrack/platform/os/sparse_memory.h"
#include "libtrack/platform/os/stack_switch.h"
#include "libtrack/platform/os/text.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

TEST(SparseMemoryDeathTest, PiecesAreWholePages) {
  char* const page = reinterpret_cast<char*>(kLowest);
  EXPECT_PRECONDITION(MapPiece(page + 1, 4096, {}), "AreWholePages(at, bytes)");
  EXPECT_PRECONDITION(MapPiece(page, 0, {}), "AreWholePages(at, bytes)");
  EXPECT_PRECONDITION(MapPiece(page, 4096, Backing({.fd = 0, .offset = 1})),
                      "AreWholePages(at, bytes) && backing.offset % kPageBytes == 0");
  EXPECT_PRECONDITION(ExtendPiece(page, 100), "AreWholePages(end, bytes)");
}

TEST(SparseMemoryDeathTest, TheFirstPieceIsAPartOfThePlace) {
  EXPECT_PRECONDITION(PlaceSparse(4096, 8192, {}), "first_bytes <= bytes");
}

TEST(RecorderFileDeathTest, PagesAreCommittedWhole) {
  const RecorderFile file{.bytes = 1 << 20};
  EXPECT_PRECONDITION(CommitRange(file, 0, 100), "from % kPageBytes == 0 && to % kPageBytes == 0");
}

TEST(StackSwitchDeathTest, AStackEndsWhereAFrameMayBegin) {
  alignas(16) static char stack[4096];
  EXPECT_PRECONDITION(CallOnStack(
                          stack + 4088, [](void*) {}, nullptr),
                      "reinterpret_cast<uintptr_t>(top) % 16 == 0");
}

TEST(TextDeathTest, ThereIsRoomForTheEnd) {
  char buffer[1];
  EXPECT_PRECONDITION(Text(buffer, 0), "capacity != 0");
}

TEST(MapsReaderDeathTest, ThereIsRoomToReadInto) {
  EXPECT_PRECONDITION(MapsReader(std::span<char>(), -1), "!buffer.empty()");
}

TEST(SideCallDeathTest, ThereIsSomethingToCall) {
  SideCall call{};
  EXPECT_PRECONDITION(call.Start(nullptr, nullptr), "function != nullptr");
}

}  // namespace
}  // namespace leaktrack::track
