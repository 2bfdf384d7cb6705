// SPDX-License-Identifier: Apache-2.0
//
// What the allocator and the program itself said (work units, phases, snapshots, pools, immortal
// blocks) is read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <utility>

#include "tests/capture/run_fixture.h"

namespace leaktrack::capture {
namespace {

using leaktrack::testing::TestRun;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RoundTripNotesTest, WhatTheAllocatorAndTheProgramSaidComesBackBehindTheColumns) {
  TestRun run;
  const SiteId site = run.recorder.AddStack({1});
  strcpy(run.recorder.header()->allocator, "jemalloc");
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(1000));
  run.recorder.Birth(site, 100, 16384, 3);
  run.sample.allocator_in_use = 5'000'000'000;
  run.sample.allocator_free = 0;
  run.sample.allocator_mapped = 6'000'000'000;
  run.sample.allocator_arenas = 9;
  run.sample.allocator_read_ms = 1500;
  run.sample.work_units = 77;
  run.sample.threads = 12;
  run.sample.address_space = 7'000'000'000;
  run.sample.cgroup_reclaimable = 0;
  ASSERT_TRUE(run.Epoch(2000));
  const Capture capture = run.DecodeFile().capture;
  EXPECT_THAT(capture.damage, IsEmpty());
  EXPECT_EQ(capture.allocator, "jemalloc");
  ASSERT_EQ(capture.memory.size(), 2u);
  EXPECT_EQ(capture.memory[0].allocator_in_use, kNotKnown);
  EXPECT_EQ(capture.memory[0].work_units, kNotKnown);
  EXPECT_EQ(capture.memory[1].allocator_in_use, 5'000'000'000);
  EXPECT_EQ(capture.memory[1].allocator_free, 0);
  EXPECT_EQ(capture.memory[1].allocator_mapped, 6'000'000'000);
  EXPECT_EQ(capture.memory[1].allocator_arenas, 9);
  EXPECT_EQ(capture.memory[1].allocator_read_ms, 1500);
  EXPECT_EQ(capture.memory[1].work_units, 77);
  EXPECT_EQ(capture.memory[1].threads, 12);
  EXPECT_EQ(capture.memory[1].address_space, 7'000'000'000);
  EXPECT_EQ(capture.memory[1].cgroup_reclaimable, 0);
  EXPECT_EQ(capture.memory[0].cgroup_reclaimable, kNotKnown);
  EXPECT_EQ(capture.cells.at(0).points.at(0).samples, 3u);
}

TEST(RoundTripNotesTest, WorkThatGoesOnIsWorthARecordInASecondWithoutAnyOtherNews) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(1000));
  run.sample.work_units = 10;
  ASSERT_TRUE(run.Epoch(1001));
  run.sample.work_units = 20;
  ASSERT_TRUE(run.Epoch(1002));
  const Capture capture = run.DecodeFile().capture;
  ASSERT_EQ(capture.memory.size(), 3u);
  EXPECT_EQ(capture.memory[2].work_units, 20);
}

TEST(RoundTripNotesTest, TheRecorderOfAKilledProgramKnowsItsLastWorkUnit) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  run.sample.work_units = 5;
  ASSERT_TRUE(run.Epoch(1000));
  run.recorder.SetTime(1700);
  run.recorder.header()->work_units = 9;
  const Capture capture = run.DecodeWithRecorder().capture;
  ASSERT_EQ(capture.memory.size(), 2u);
  EXPECT_EQ(capture.memory[1].time_ms, 1700u);
  EXPECT_EQ(capture.memory[1].work_units, 9);
}

TEST(RoundTripNotesTest, PhasesSnapshotsAndPoolsComeBackAndTheirSlotsBecomeFree) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  run.recorder.AddNote(NoteKind::kPhase, "load", 100, 0);
  run.recorder.AddNote(NoteKind::kSnapshot, "before", 200, 200);
  run.recorder.AddNote(NoteKind::kPool, "sessions", 300, 300, 7);
  ASSERT_TRUE(run.Epoch(1000));
  NoteEntry* const notes = run.recorder.header()->notes;
  EXPECT_EQ(notes[0].state.load(), kNoteOpen);
  EXPECT_EQ(notes[1].state.load(), kNoteFree);
  EXPECT_EQ(notes[2].state.load(), kNoteFree);
  run.recorder.AddNote(NoteKind::kPhase, "serve", 1500, 0);  // in the snapshot's slot
  notes[0].end_ms = 1500;
  notes[0].state = kNoteEnded;
  ASSERT_TRUE(run.Epoch(2000));
  EXPECT_EQ(notes[0].state.load(), kNoteFree);
  run.recorder.AddNote(NoteKind::kPhase, "only in the recorder", 2500, 0);
  run.recorder.SetTime(3000);
  for (const bool with_recorder : {false, true}) {
    const Capture capture =
        with_recorder ? run.DecodeWithRecorder().capture : run.DecodeFile().capture;
    EXPECT_THAT(capture.damage, IsEmpty());
    ASSERT_EQ(capture.phases.size(), with_recorder ? 3u : 2u);
    EXPECT_EQ(capture.phases[0].name, "load");
    EXPECT_EQ(capture.phases[0].start_ms, 100u);
    EXPECT_EQ(capture.phases[0].end_ms, 1500u);
    EXPECT_TRUE(capture.phases[0].ended);
    EXPECT_EQ(capture.phases[1].name, "serve");
    EXPECT_FALSE(capture.phases[1].ended);
    EXPECT_EQ(capture.phases[1].end_ms, capture.duration_ms);
    ASSERT_EQ(capture.snapshots.size(), 1u);
    EXPECT_EQ(capture.snapshots[0].name, "before");
    EXPECT_EQ(capture.snapshots[0].time_ms, 200u);
    EXPECT_THAT(capture.pools, ElementsAre(std::pair(7u, "sessions")));
  }
}

TEST(RoundTripNotesTest, NotesThatTheFileRefusedAreWrittenByTheNextEpoch) {
  TestRun run;
  ASSERT_TRUE(run.Create());
  run.recorder.AddNote(NoteKind::kPhase, "load", 100, 200);
  run.file.FailFrom(0, 1);
  EXPECT_FALSE(run.Epoch(1000));
  EXPECT_EQ(run.recorder.header()->notes[0].state.load(), kNoteEnded);
  ASSERT_TRUE(run.Epoch(2000));
  EXPECT_EQ(run.DecodeFile().capture.phases.size(), 1u);
}

TEST(RoundTripNotesTest, SitesOfPoolsAndImmortalBlocksAreHeapSitesThatSaySo) {
  TestRun run;
  const Frame pool_frame = MakeFrame(kPoolModule, 3);
  const SiteId object = run.recorder.AddStack({1, 2, pool_frame}, SiteKind::kPool);
  const SiteId marked = run.recorder.AddStack({1, 2}, SiteKind::kImmortal);
  const SiteId marked_object = run.recorder.AddStack({1, 2, pool_frame}, SiteKind::kImmortal);
  ASSERT_TRUE(run.Create());
  ASSERT_TRUE(run.Epoch(1000));
  for (const bool with_recorder : {false, true}) {
    const Capture capture =
        with_recorder ? run.DecodeWithRecorder().capture : run.DecodeFile().capture;
    ASSERT_EQ(capture.stacks.size(), 3u);
    for (const auto& [site, stack] : capture.stacks) {
      EXPECT_EQ(stack.kind, SiteKind::kHeap);
      EXPECT_THAT(stack.frames, ElementsAre(1, 2));
      EXPECT_EQ(stack.pool, site == marked ? 0u : 3u);
      EXPECT_EQ(stack.immortal, site != object);
    }
    EXPECT_TRUE(capture.stacks.at(marked_object).immortal);
  }
}

}  // namespace
}  // namespace leaktrack::capture
