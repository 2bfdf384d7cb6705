// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/notes.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace leaktrack::track {
namespace {

using namespace capture;

class NotesTest : public ::testing::Test {
 protected:
  NotesTest() : header_(new RecorderHeader{}) { header_->run_id = 0x1234'5678'9abc'def0; }
  NoteHandle Phase(const char* name, uint64_t now_ms = 5) {
    return BeginNote(*header_, NoteKind::kPhase, name, 0, now_ms);
  }
  uint32_t Count(NoteState state) const {
    uint32_t count = 0;
    for (const NoteEntry& note : header_->notes) count += note.state.load() == state;
    return count;
  }
  std::unique_ptr<RecorderHeader> header_;
};

TEST_F(NotesTest, APhaseIsOpenUntilItsHandleEndsIt) {
  const NoteHandle load = Phase("load", 7);
  ASSERT_NE(load, 0u);
  const NoteEntry& note = header_->notes[0];
  EXPECT_EQ(note.state.load(), kNoteOpen);
  EXPECT_EQ(note.number, 1u);
  EXPECT_EQ(note.start_ms, 7u);
  EXPECT_STREQ(note.name, "load");
  EndNote(*header_, load, 19);
  EXPECT_EQ(note.state.load(), kNoteEnded);
  EXPECT_EQ(note.end_ms.load(), 19u);
  EndNote(*header_, load, 99);
  EXPECT_EQ(note.end_ms.load(), 19u) << "it ends once";
}

TEST_F(NotesTest, StaleForeignAndInventedHandlesEndNothing) {
  const NoteHandle phase = Phase("a");
  for (const NoteHandle wrong : {NoteHandle{0}, NoteHandle{1}, phase + 1, phase + 256,
                                 phase ^ (uint64_t{1} << 40), ~NoteHandle{0}}) {
    EndNote(*header_, wrong, 9);
  }
  EXPECT_EQ(header_->notes[0].state.load(), kNoteOpen);
  // The drainer has written it, and another note took the slot.
  header_->notes[0].state = kNoteFree;
  (void)Phase("b");
  EndNote(*header_, phase, 9);
  EXPECT_EQ(header_->notes[0].state.load(), kNoteOpen);
}

TEST_F(NotesTest, ASnapshotIsOverAtOnceAndLongNamesAreCut) {
  ASSERT_NE(BeginNote(*header_, NoteKind::kSnapshot, std::string(100, 'x').c_str(), 0, 3), 0u);
  ASSERT_NE(BeginNote(*header_, NoteKind::kSnapshot, nullptr, 0, 4), 0u);
  EXPECT_EQ(header_->notes[0].state.load(), kNoteEnded);
  EXPECT_EQ(std::string(header_->notes[0].name), std::string(36, 'x'));
  EXPECT_STREQ(header_->notes[1].name, "");
}

TEST_F(NotesTest, WithoutRoomANoteIsLostAndCounted) {
  for (uint32_t i = 0; i < kMaxNotes; ++i) ASSERT_NE(Phase("p"), 0u);
  EXPECT_EQ(Phase("one too many"), 0u);
  EXPECT_EQ(header_->losses[kLostNotes].load(), 1u);
  header_->notes[70].state = kNoteFree;
  EXPECT_NE(Phase("there is room again"), 0u);
}

TEST_F(NotesTest, ARunHasAnEndOfNumbersSoThatTheFileHasAnEnd) {
  header_->note_count = kMostNotesInRun - 2;
  EXPECT_NE(Phase("the last"), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Phase("too many"), 0u);
  EXPECT_EQ(header_->losses[kLostNotes].load(), 5u);
  EXPECT_EQ(Count(kNoteBusy), 0u);
}

TEST_F(NotesTest, ManyThreadsTakeDifferentSlotsAndNumbers) {
  std::vector<std::thread> threads;
  std::vector<NoteHandle> handles(96);
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 24; ++i) {
        handles[24 * t + i] = Phase("t");
        if (i % 2 == 0) EndNote(*header_, handles[24 * t + i], 6);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<NoteHandle>(handles.begin(), handles.end()).size(), handles.size());
  EXPECT_EQ(Count(kNoteOpen), 48u);
  EXPECT_EQ(Count(kNoteEnded), 48u);
  EXPECT_EQ(header_->losses[kLostNotes].load(), 0u);
}

}  // namespace
}  // namespace leaktrack::track
