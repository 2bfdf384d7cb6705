// SPDX-License-Identifier: Apache-2.0
//
// What the program says of itself: phases, snapshots, pools; kept in the recorder's header until
// the drainer has written it.
//
// 128 slots: a note takes a free one, and its slot is free again when its end is in the file.
// Phases that stay open and pools keep theirs. Without room, or after kMostNotesInRun notes, a note
// is dropped and counted (kLostNotes).
//
//   slot:  free --CAS--> busy --fill, release--> open --End(), CAS--> ended --drainer, once
//          written--> free
//
// A handle names run, number and slot: one that is stale, of another run, or invented ends nothing.
//
// Thread-safety: any thread, lock-free.
// Allocates: never.
// Signals: safe.
// Fork: the child binds anew; handles of its parent name another run.
#ifndef LEAKTRACK_LIBTRACK_RECORD_NOTES_H_
#define LEAKTRACK_LIBTRACK_RECORD_NOTES_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

using NoteHandle = uint64_t;  // 0: no note

// `name` is copied, and cut to what a slot holds; nullptr is the empty name. A snapshot is over at
// once.
NoteHandle BeginNote(capture::RecorderHeader& header, capture::NoteKind kind, const char* name,
                     uint16_t value, uint64_t now_ms);

void EndNote(capture::RecorderHeader& header, NoteHandle handle, uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_NOTES_H_
