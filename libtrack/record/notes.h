// SPDX-License-Identifier: Apache-2.0
//
// What the program says about itself: phases, snapshots and pools. Notes stay in the recorder's
// header until the drainer has written them.
//
// There are 128 slots. A note takes a free slot, and the slot is free again when the note's end is
// in the file. Open phases and pools keep their slots. A note that finds no slot, or comes after
// kMostNotesInRun notes, is dropped and counted (kLostNotes).
//
//  slot:  free --CAS--> busy --fill, release--> open --EndNote(), CAS--> ended
//         ended --drainer, once written--> free
//
// A handle contains run, number and slot. A handle that is stale, invented or from another run ends
// nothing.
//
// Thread-safety: any thread, lock-free.
// Allocates: never.
// Signals: safe.
// Fork: the child binds anew; its parent's handles name another run.
#ifndef LEAKTRACK_LIBTRACK_RECORD_NOTES_H_
#define LEAKTRACK_LIBTRACK_RECORD_NOTES_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

using NoteHandle = uint64_t;  // 0: no note

// `name` is copied, and cut to what a slot holds; nullptr is the empty name. A snapshot ends at
// once.
NoteHandle BeginNote(capture::RecorderHeader& header, capture::NoteKind kind, const char* name,
                     uint16_t value, uint64_t now_ms);

void EndNote(capture::RecorderHeader& header, NoteHandle handle, uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_NOTES_H_
