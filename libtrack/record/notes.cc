// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/notes.h"

#include <atomic>
#include <cstddef>

namespace leaktrack::track {
namespace {

using namespace capture;

static_assert(kMaxNotes <= 256 && kMostNotesInRun < (1u << 24),
              "a handle has 8 bits for the slot and 24 for the number");

NoteHandle HandleOf(const RecorderHeader& header, uint32_t number, uint32_t slot) {
  return header.run_id << 32 | uint64_t{number} << 8 | slot;
}

void Fill(NoteEntry& note, NoteKind kind, const char* name, uint16_t value, uint64_t now_ms) {
  note.kind = kind;
  note.value = value;
  note.start_ms = now_ms;
  note.end_ms.store(now_ms, std::memory_order_relaxed);
  size_t size = 0;
  for (; name != nullptr && name[size] != 0 && size + 1 < sizeof(note.name); ++size)
    note.name[size] = name[size];
  for (; size < sizeof(note.name); ++size) note.name[size] = 0;
}

}  // namespace

NoteHandle BeginNote(RecorderHeader& header, NoteKind kind, const char* name, uint16_t value,
                     uint64_t now_ms) {
  for (uint32_t slot = 0; slot < kMaxNotes; ++slot) {
    NoteEntry& note = header.notes[slot];
    uint32_t expected = kNoteFree;
    if (note.state.load(std::memory_order_relaxed) != kNoteFree ||
        !note.state.compare_exchange_strong(expected, kNoteBusy, std::memory_order_acquire)) {
      continue;
    }
    const uint32_t number = header.note_count.fetch_add(1, std::memory_order_relaxed) + 1;
    if (number >= kMostNotesInRun) {
      header.note_count.store(kMostNotesInRun, std::memory_order_relaxed);
      note.state.store(kNoteFree, std::memory_order_release);
      break;
    }
    note.number = number;
    Fill(note, kind, name, value, now_ms);
    note.state.store(kind == NoteKind::kSnapshot ? kNoteEnded : kNoteOpen,
                     std::memory_order_release);
    return HandleOf(header, number, slot);
  }
  header.losses[kLostNotes].fetch_add(1, std::memory_order_relaxed);
  return 0;
}

void EndNote(RecorderHeader& header, NoteHandle handle, uint64_t now_ms) {
  const uint32_t slot = handle & 0xff;
  if (handle == 0 || slot >= kMaxNotes) return;
  NoteEntry& note = header.notes[slot];
  if (note.state.load(std::memory_order_acquire) != kNoteOpen ||
      handle != HandleOf(header, note.number, slot))
    return;
  note.end_ms.store(now_ms, std::memory_order_relaxed);
  uint32_t open = kNoteOpen;
  note.state.compare_exchange_strong(open, kNoteEnded, std::memory_order_release);
}

}  // namespace leaktrack::track
