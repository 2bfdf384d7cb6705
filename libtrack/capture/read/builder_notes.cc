// SPDX-License-Identifier: Apache-2.0
//
// CaptureBuilder: what the program said about itself, from records and from the recorder.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

#include "libtrack/capture/read/capture_builder.h"

namespace leaktrack::capture {

void CaptureBuilder::SettleKind(StackInfo* stack) {
  if (!stack->frames.empty() && FrameModule(stack->frames.back()) == kPoolModule) {
    stack->pool = static_cast<uint32_t>(FrameAddress(stack->frames.back()));
    stack->frames.pop_back();
  }
  stack->immortal = stack->kind == SiteKind::kImmortal;
  if (stack->kind != SiteKind::kMapping) stack->kind = SiteKind::kHeap;
}

bool CaptureBuilder::TakeNotes(ByteSource source) {
  while (source.left() > 0 && !source.overrun()) {
    Note note;
    const auto number = static_cast<uint32_t>(source.Varint());
    note.kind = static_cast<NoteKind>(source.Byte());
    note.value = static_cast<uint32_t>(source.Varint());
    note.start_ms = source.Varint();
    const uint64_t end = source.Varint();
    note.ended = end != 0;
    note.end_ms = note.ended ? end - 1 : 0;
    note.name = source.String();
    if (!source.overrun()) notes_[number] = std::move(note);
  }
  return !source.overrun();
}

void CaptureBuilder::TakeRecorderNotes(const RecorderView& view) {
  for (const NoteEntry& entry : view.header()->notes) {
    const uint32_t state = entry.state.load(std::memory_order_acquire);
    if (state != kNoteOpen && state != kNoteEnded) continue;
    Note note{
        entry.kind,          entry.value,
        entry.start_ms,      entry.end_ms.load(std::memory_order_relaxed),
        state == kNoteEnded, std::string(entry.name, strnlen(entry.name, sizeof(entry.name)))};
    notes_[entry.number] = std::move(note);
  }
}

// An exec note that is ended is an exec that failed. An exec by the process itself counts only if
// the run ended with it.
void CaptureBuilder::TakeExec(const Note& note, Capture* capture) {
  const bool of_child = (note.value & kExecOfChild) != 0;
  if (note.ended || (!of_child && capture->end_state != RunState::kExec)) return;
  const auto why = static_cast<ExecFate>(note.value & ~uint32_t{kExecOfChild});
  capture->execs.push_back({note.name, note.start_ms, why, of_child});
}

void CaptureBuilder::FinishNotes(Capture* capture) {
  for (auto& [number, note] : notes_) {
    if (note.kind == NoteKind::kPool) capture->pools[note.value] = std::move(note.name);
    if (note.kind == NoteKind::kSnapshot)
      capture->snapshots.push_back({std::move(note.name), note.start_ms});
    if (note.kind == NoteKind::kExec) TakeExec(note, capture);
    if (note.kind != NoteKind::kPhase) continue;
    // Another thread's clock may lag.
    const uint64_t end_ms = std::max(note.start_ms, note.end_ms);
    capture->phases.push_back({std::move(note.name), note.start_ms, end_ms, note.ended});
  }
  std::stable_sort(capture->phases.begin(), capture->phases.end(),
                   [](const Phase& a, const Phase& b) { return a.start_ms < b.start_ms; });
  std::stable_sort(
      capture->execs.begin(), capture->execs.end(),
      [](const UntrackedExec& a, const UntrackedExec& b) { return a.time_ms < b.time_ms; });
  std::stable_sort(capture->snapshots.begin(), capture->snapshots.end(),
                   [](const Snapshot& a, const Snapshot& b) { return a.time_ms < b.time_ms; });
}

}  // namespace leaktrack::capture
