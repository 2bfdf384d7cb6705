// SPDX-License-Identifier: Apache-2.0
//
// Builds a Capture from records and from a recorder, however much the two overlap.
//
// Order: Take() for every record of the file, then TakeRecorder(), then Finish(). Sums are
// absolute, survivors are identified by slot, and kept deaths by ring and position. So information
// that comes twice counts once.
//
// Thread-safety: none.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BUILDER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BUILDER_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libtrack/capture/capture.h"
#include "libtrack/capture/format.h"
#include "libtrack/capture/read/byte_source.h"
#include "libtrack/capture/read/record_reader.h"
#include "libtrack/capture/write/recorder_view.h"

namespace leaktrack::capture {

class CaptureBuilder {
 public:
  // False if the record is shorter than it claims. The part that was understood is kept.
  bool Take(const Record& record);
  void TakeRecorder(const RecorderView& view);
  // Fills the tables of `capture` and the state of the run's end. The caller adds what it knows of
  // the process.
  void Finish(Capture* capture, DamageList* damage);

  bool has_status() const { return last_.known; }
  bool final_status() const { return last_.final; }
  uint64_t segments_promised() const { return last_.segments; }

 private:
  struct Status {
    bool known = false, final = false;
    uint32_t epoch = 0;
    uint64_t failed_epochs = 0, refused = 0, kept_thinned = 0, now_ms = 0, state = 0, end_ms = 0,
             segments = 0;
    uint64_t interval_now = 0, interval_min = 0, interval_max = 0;
    uint64_t samples = 0, thinned = 0, live = 0, exact_limit_hit_ms = 0;
    std::array<uint64_t, kLossCount> losses{};
    std::string allocator;
  };
  struct Note {
    NoteKind kind = NoteKind::kPhase;
    uint32_t value = 0;
    uint64_t start_ms = 0, end_ms = 0;
    bool ended = false;
    std::string name;
  };
  struct KeptGroup {
    uint32_t ring;
    uint64_t first, end;
    std::vector<std::pair<uint64_t, KeptDeath>> deaths;  // by position
  };

  bool TakeStacks(ByteSource source);
  bool TakeModules(ByteSource source);
  bool TakeHooks(ByteSource source);
  bool TakeNotes(ByteSource source);
  bool TakeCells(ByteSource source);
  static void TakeLaterMemoryFields(ByteSource* source, MemorySample* sample);
  bool TakeSurvivors(ByteSource source, bool full_set);
  bool TakeKept(ByteSource source);
  bool TakeStatus(ByteSource source, uint32_t epoch);

  void TakeRecorderDictionary(const RecorderView& view);
  void TakeRecorderNotes(const RecorderView& view);
  void TakeRecorderLive(const RecorderView& view);
  void TakeRecorderKept(const RecorderView& view);
  void TakeRecorderStatus(const RecorderView& view, const SharedCounters& counters,
                          uint64_t now_ms);

  void FinishCells(Capture* capture);
  void FinishKept(Capture* capture);
  // Computes the kind from the stored kind and the last frame.
  static void SettleKind(StackInfo* stack);
  void FinishNotes(Capture* capture);
  static void TakeExec(const Note& note, Capture* capture);
  void FinishStatus(Capture* capture, DamageList* damage);

  std::unordered_map<SiteId, StackInfo> stacks_;
  std::map<uint32_t, ModuleInfo> modules_;
  std::vector<std::pair<std::string, HookState>> hooks_;
  absl::flat_hash_map<uint64_t, std::vector<CellPoint>> cells_;  // by site << 8 | band
  std::map<uint64_t, MemorySample> memory_;
  std::map<uint32_t, Note> notes_;          // by number
  std::map<uint64_t, Survivor> survivors_;  // by slot
  std::vector<KeptGroup> kept_;             // in the order they were written
  std::set<uint32_t> epochs_;
  Status last_;
  uint64_t bad_cells_ = 0;  // sums that are impossible: not a number, or negative
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BUILDER_H_
