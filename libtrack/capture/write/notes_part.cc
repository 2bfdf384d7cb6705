// SPDX-License-Identifier: Apache-2.0
//
// Notes records: what the program has said about itself since the last epoch, and which notes have
// ended by now.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/write/writer_parts.h"

namespace leaktrack::capture {
namespace {

constexpr size_t kNoteBytes = 5 + 1 + 3 + 10 + 10 + 1 + sizeof(NoteEntry::name);
static_assert(kMaxNotes * kNoteBytes <= kMaxRawBytes, "all notes must fit a record");

void EncodeNote(const NoteEntry& note, bool ended, RawBuffer* raw) {
  raw->Varint(note.number);
  raw->Byte(static_cast<uint8_t>(note.kind));
  raw->Varint(note.value);
  raw->Varint(note.start_ms);
  raw->Varint(ended ? note.end_ms.load(std::memory_order_relaxed) + 1 : 0);
  raw->String(note.name, sizeof(note.name));
}

}  // namespace

// A slot may be reused as soon as the file has the end of its note, or has refused it.
bool WriterParts::Notes(HistoryWriter& writer, const Epoch& epoch) {
  NoteEntry* const notes = epoch.view.header()->notes;
  RawBuffer& raw = writer.encoder_.raw();
  raw.Clear();
  uint32_t marks[kMaxNotes] = {}, rows = 0;
  for (uint32_t i = 0; i < kMaxNotes; ++i) {
    const uint32_t state = notes[i].state.load(std::memory_order_acquire);
    if (state != kNoteOpen && state != kNoteEnded) continue;
    marks[i] = notes[i].number << 1 | (state == kNoteEnded);
    if (marks[i] == writer.note_marks_[i]) continue;
    EncodeNote(notes[i], state == kNoteEnded, &raw);
    ++rows;
  }
  if (rows != 0) {
    const Stored stored = writer.encoder_.Flush(&writer.store_, SegmentKind::kDictionary, 0,
                                                RecordType::kNotes, epoch.number);
    if (stored == Stored::kFailed) return false;
    if (stored == Stored::kNoRoom) writer.dictionary_refused_ += rows;
  }
  for (uint32_t i = 0; i < kMaxNotes; ++i) {
    if (marks[i] == 0) continue;
    writer.note_marks_[i] = marks[i];
    if ((marks[i] & 1) != 0) notes[i].state.store(kNoteFree, std::memory_order_release);
  }
  return true;
}

}  // namespace leaktrack::capture
