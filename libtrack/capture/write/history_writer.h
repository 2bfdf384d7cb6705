// SPDX-License-Identifier: Apache-2.0
//
// Writes a run's history from its flight recorder into its capture file, one epoch at a time.
//
// Who calls what: the drainer, about once a second:      Place(); Start(); WriteEpoch(...)
//                 the last breath of a normal end:       WriteEpoch(..., EpochKind::kFinal)
// Why absolute sums: an epoch that is lost, or written twice, changes nothing; nothing can be
// counted twice.
//                 `run` or the next report, for a dead owner (fold.h):  Place(); Reopen();
//                 WriteEpoch(kFinal)
//
// Promises: no allocation: all state lies in one block that the caller hands over zeroed. Most of
// it is touched only as the tables fill; who pays for address space maps the first part and lends
// the rest (LendMemory). The only output is FileOps::pwrite. A pwrite that fails, or a kill between
// or inside any two, leaves a file that reads well; what was not written is written by the next
// epoch. The image may change under our hands: each value is copied once. Order of an epoch,
// because the reader relies on it: dictionary, history from coarse to fine, survivors, kept deaths,
// status (the commit). `consumed` of a ring moves only after its deaths are in the file; a crash in
// between makes a duplicate that the reader drops, since each death carries its ring and position.
// Limits: 64 MiB of file for any duration; 65,536 survivors, beyond that a stated share of
// each site's; see FORMAT.md.
//
// What the tables must hold to: the first StackRecord lies at offset kDepotFirstOffset of the
// arena; `written` and `consumed` of a ThreadBlock only ever grow, also when the block gets a new
// thread.
//
// Thread-safety: none; one thread owns it.   Allocates: never.   Signals: not reentrant.
// Fork: the child must not use it; it places its own.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HISTORY_WRITER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HISTORY_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"
#include "libtrack/capture/write/encoder.h"
#include "libtrack/capture/write/recorder_view.h"
#include "libtrack/capture/write/segment_store.h"
#include "libtrack/capture/write/survivor_shares.h"

namespace leaktrack::capture {

enum class EpochKind : uint8_t {
  kPeriodic,
  kFinal,  // the run ends: young survivors too, and nothing is skipped
};

class HistoryWriter {
 public:
  static constexpr uint32_t kFullSetEpochs =
      64;  // a full set at least this often (in tables of 1 M slots)
  static constexpr uint32_t kYoungMs = 2'000;      // survivors younger than this may wait
  static constexpr uint64_t kScanSlots = 1 << 20;  // slots looked at per epoch, in turn
  static constexpr uint32_t kKeptBudget =
      4'096;  // kept deaths per epoch; above it they are thinned

  // Bytes of zeroed memory that Place() wants for this recorder: about 6 MiB, 37 per cell (32 of
  // them are touched in exact mode alone), 1 per 4 of the live region, little else. From
  // capacities, so it does not change while the run lasts.
  static size_t MemoryBytes(const RecorderHeader& header);

  // Builds the writer inside `memory` (16-aligned, zeroed). nullptr if it is too small.
  // Touches FirstBytes().
  static HistoryWriter* Place(void* memory, size_t bytes, const RecorderHeader& header);
  static size_t FirstBytes();

  // The memory behind FirstBytes() is not there yet, but is to be had: a part at a time, each from
  // its beginning, in whole steps of kLendStep if the lender likes. `lend` makes [begin, begin +
  // bytes) readable and writable; false: refused. What is beyond is then not written by that epoch,
  // which counts as failed.
  using Lend = bool (*)(void* context, uint32_t part, void* begin, size_t bytes);
  static constexpr uint32_t kParts = 6;
  static constexpr size_t kLendStep = 64 * 1024;
  void LendMemory(Lend lend, void* context);

  // Starts a new file, whose header page (header_page.h) another writes.
  void Start(const FileOps& file, const RecorderHeader& header);

  // Takes up a file that another process left: finds its segments and its last committed epoch.
  // False if it is no capture of this run.
  [[nodiscard]] bool Reopen(const FileOps& file, const RecorderHeader& header);

  // Writes one epoch. `header` is the start of the image; its `consumed` words are advanced and
  // notes that are over and written become free; nothing else is written. `now_ms` since the start
  // of the run, never going back. False: something could not be written and will be again.
  [[nodiscard]] bool WriteEpoch(RecorderHeader* header, const MemorySampleRaw& memory,
                                uint64_t now_ms, EpochKind kind);

  // What the status records say of the end instead of the image's own `state` (the folder:
  // kKilled).
  void OverrideState(RunState state) { state_override_ = state; }

  uint32_t committed_epochs() const { return epoch_; }
  uint64_t failed_epochs() const { return failed_epochs_; }
  uint64_t file_bytes() const { return store_.file_bytes(); }

 private:
  HistoryWriter() = default;
  bool BorrowFor(const RecorderView& view);
  bool Borrow(uint32_t part, void* begin, size_t bytes) {
    return lend_(lend_context_, part, begin, bytes);
  }
  void ReadStatuses(uint64_t sequence, size_t bytes);
  friend struct WriterParts;  // writer_parts.h: one function per kind of record
  static constexpr size_t kScratchBytes = 80 * 1024;

  Lend lend_;  // null: all is there
  void* lend_context_;
  SegmentStore store_;
  RecordEncoder encoder_;
  uint32_t epoch_;  // the last committed one
  uint64_t failed_epochs_;
  RunState state_override_;  // kStarting: none

  // Dictionary.
  uint64_t depot_cursor_;   // arena bytes that are in the file
  uint32_t module_cursor_;  // modules that are in the file
  uint64_t hooks_hash_;
  uint64_t dictionary_refused_;  // stacks and modules that the cap kept out
  uint8_t*
      module_unloaded_;  // per module: 1: its end is in the file, 2: in the chunk being written
  uint32_t module_capacity_;
  uint32_t modules_wanted_;         // of lent memory
  uint32_t note_marks_[kMaxNotes];  // per slot: what is in the file of it: number << 1 | is it over

  // History.
  uint32_t* cell_seen_;    // per cell: low half of `samples` when last looked at
  uint8_t* cell_dirty_;    // per cell: bit k: changed since level k was written
  CellOwnSums* cell_own_;  // per cell: what threads have in cells of their own; not touched as long
                           // as there are none
  bool cells_owned_;       // in the present epoch
  SharedCounters counters_;  // of the present epoch
  uint32_t cell_capacity_;
  uint64_t level_done_[kLevels];  // last period of the level that is in the file, + 1
  MemorySampleRaw level_memory_[kLevels];

  // Survivors.
  uint32_t* slot_shadow_;  // per slot: check sum of the entry in the file, 0: none
  uint64_t slot_capacity_;
  uint32_t* map_shadow_;
  uint32_t map_capacity_;
  uint32_t generation_;
  uint32_t complete_generation_;  // the last one whose full set is all in the file, 0: none
  uint32_t full_epoch_;           // epoch of that set
  uint32_t full_segments_;        // how many segments it took
  bool changed_since_full_;
  SurvivorShares shares_;
  uint64_t scan_cursor_;
  bool full_due_;

  uint64_t kept_thinned_;                       // kept deaths that were over budget
  alignas(16) uint8_t scratch_[kScratchBytes];  // rows of the chunk being encoded
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HISTORY_WRITER_H_
