// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of notes: what the program said of itself, and what it became by exec.
//
// Input: how the run ended (1 byte); the notes of a recorder (number of entries in 1 byte, then the
// entries); the rest is the payload of a record of notes. Held beside "no crash": phases, snapshots
// and execs come in the order of time, and no phase ends before it begins.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "libtrack/capture/read/capture_builder.h"
#include "libtrack/capture/write/recorder_view.h"
#include "tests/fuzz/require.h"
#include "tests/support/recorder_builder.h"

namespace {

using namespace leaktrack::capture;  // NOLINT

constexpr size_t kMostEntries = 8;

// What of the input is left, taken off its front.
struct Input {
  const uint8_t* data;
  size_t size;
  uint8_t Byte() {
    if (size == 0) return 0;
    --size;
    return *data++;
  }
  void Take(void* to, size_t bytes) {
    const size_t taken = std::min(bytes, size);
    memcpy(to, data, taken);
    data += taken;
    size -= taken;
  }
};

void FillNotes(RecorderHeader& header, Input& input) {
  const size_t count = input.Byte() % kMostEntries;
  for (size_t i = 0; i < count; ++i)
    input.Take(static_cast<void*>(&header.notes[i]), sizeof(NoteEntry));
}

template <typename Item, typename Time>
void RequireOrder(const std::vector<Item>& items, Time time) {
  Require(std::is_sorted(items.begin(), items.end(),
                         [&](const Item& a, const Item& b) { return time(a) < time(b); }));
}

void Check(const Capture& capture) {
  RequireOrder(capture.phases, [](const Phase& phase) { return phase.start_ms; });
  RequireOrder(capture.snapshots, [](const Snapshot& snapshot) { return snapshot.time_ms; });
  RequireOrder(capture.execs, [](const UntrackedExec& exec) { return exec.time_ms; });
  for (const Phase& phase : capture.phases) Require(phase.end_ms >= phase.start_ms);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  leaktrack::testing::RecorderBuilder recorder;
  recorder.header()->state.store(input.Byte());
  FillNotes(*recorder.header(), input);
  CaptureBuilder builder;
  builder.Take({.type = RecordType::kNotes,
                .level = 0,
                .epoch = 1,
                .offset = 0,
                .payload = {input.data, input.size}});
  RecorderView view;
  Require(view.Open(recorder.header(), recorder.header()->image_bytes));
  builder.TakeRecorder(view);
  Capture capture;
  DamageList damage;
  builder.Finish(&capture, &damage);
  Check(capture);
  return 0;
}
