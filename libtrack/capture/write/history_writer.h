// SPDX-License-Identifier: Apache-2.0
//
// Writes a run's history from its flight recorder into its capture file, one epoch at a time.
//
// Callers:
//   the drainer, about once a second               Place(); Start(); WriteEpoch(...)
//   a normal end                                   WriteEpoch(..., EpochKind::kFinal)
//   `run` or a report, for a dead owner (fold.h)   Place(); Reopen(); WriteEpoch(kFinal)
// Why absolute sums: an epoch that is lost or written twice changes nothing, and nothing is counted
// twice.
//
// Promises:
// No allocation: all state lies in one zeroed block that the caller passes. Most of it is touched
// only as the tables fill. A caller that pays for address space maps the first part and lends the
// rest (LendMemory).
// The only output is FileOps::pwrite. If a pwrite fails, or a kill comes between or inside any two,
// the file still reads well. The next epoch writes what is missing. The image may change meanwhile,
// so each value is copied once.
// The order of an epoch, on which the reader relies: dictionary, history from coarse to fine,
// survivors, kept deaths, status (the commit). A ring's `consumed` moves only after its deaths are
// in the file. A crash in between leaves a duplicate, which the reader drops, because each death
// carries its ring and position.
// Limits: 64 MiB of file for any duration; 65,536 survivors, and beyond that a stated share of each
// site's blocks (FORMAT.md).
//
// Requirements on the tables: the first StackRecord lies at offset kDepotFirstOffset of the arena.
// `written` and `consumed` of a ThreadBlock only grow, also when the block gets a new thread.
//
// Thread-safety: none; one thread owns it.
// Allocates: never.
// Signals: not reentrant.
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
  kFinal,  // the run ends: young survivors are written too, and nothing is skipped
};

class HistoryWriter {
 public:
  // A full set is written at least this often (in tables of 1 M slots).
  static constexpr uint32_t kFullSetEpochs = 64;
  static constexpr uint32_t kYoungMs = 2'000;      // survivors younger than this may wait
  static constexpr uint64_t kScanSlots = 1 << 20;  // slots to look at per epoch, in turn
  // Kept deaths per epoch; beyond it they are thinned.
  static constexpr uint32_t kKeptBudget = 4'096;

  // Bytes of zeroed memory that Place() needs for this recorder: about 6 MiB. Per cell it is 37
  // bytes, 32 of which only exact mode touches; per four bytes of the live region it is one byte;
  // the rest is small. It is computed from capacities, so it does not change during the run.
  static size_t MemoryBytes(const RecorderHeader& header);

  // Builds the writer inside `memory` (16-aligned, zeroed). nullptr if the memory is too small. It
  // touches FirstBytes().
  static HistoryWriter* Place(void* memory, size_t bytes, const RecorderHeader& header);
  static size_t FirstBytes();

  // Says that the memory beyond FirstBytes() is not mapped yet and can be had part by part. Each
  // part grows from its beginning; the lender may round up to whole steps of kLendStep. `lend`
  // makes [begin, begin + bytes) readable and writable; false: refused. The epoch then does not
  // write what lies beyond, and counts as failed.
  using Lend = bool (*)(void* context, uint32_t part, void* begin, size_t bytes);
  static constexpr uint32_t kParts = 6;
  static constexpr size_t kLendStep = 64 * 1024;
  void LendMemory(Lend lend, void* context);

  // Starts a new file. The caller writes its header page (header_page.h).
  void Start(const FileOps& file, const RecorderHeader& header);

  // Continues a file that another process left: finds its segments and its last committed epoch.
  // False if the file is not a capture of this run.
  [[nodiscard]] bool Reopen(const FileOps& file, const RecorderHeader& header);

  // Writes one epoch. `header` is the start of the image. Only its `consumed` words are advanced,
  // and notes that have ended and are written become free. `now_ms` counts from the start of the
  // run and never goes back. False: something could not be written and will be written later.
  [[nodiscard]] bool WriteEpoch(RecorderHeader* header, const MemorySampleRaw& memory,
                                uint64_t now_ms, EpochKind kind);

  // Sets the end state that status records report instead of the image's own `state` (a fold
  // sets kKilled).
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

  Lend lend_;  // null: all memory is there
  void* lend_context_;
  SegmentStore store_;
  RecordEncoder encoder_;
  uint32_t epoch_;  // the last committed epoch
  uint64_t failed_epochs_;
  RunState state_override_;  // kStarting: no override

  // Dictionary.
  uint64_t depot_cursor_;   // arena bytes that are in the file
  uint32_t module_cursor_;  // modules that are in the file
  uint64_t hooks_hash_;
  uint64_t dictionary_refused_;  // stacks and modules that the limit kept out
  // Per module: 1: its end is in the file; 2: its end is in the chunk being written.
  uint8_t* module_unloaded_;
  uint32_t module_capacity_;
  uint32_t modules_wanted_;         // of lent memory
  uint32_t note_marks_[kMaxNotes];  // per slot: what the file has of it: number << 1 | ended

  // History.
  uint32_t* cell_seen_;  // per cell: low half of `samples` at the last look
  uint8_t* cell_dirty_;  // per cell: bit k: changed since level k was written
  // Per cell: the sums of the threads' own cells. Untouched as long as there are none.
  CellOwnSums* cell_own_;
  bool cells_owned_;         // whether this epoch has own cells
  SharedCounters counters_;  // of this epoch
  uint32_t cell_capacity_;
  uint64_t level_done_[kLevels];  // last period of the level that is in the file, + 1
  MemorySampleRaw level_memory_[kLevels];

  // Survivors.
  uint32_t* slot_shadow_;  // per slot: check sum of the entry in the file; 0: none
  uint64_t slot_capacity_;
  uint32_t* map_shadow_;
  uint32_t map_capacity_;
  uint32_t generation_;
  uint32_t complete_generation_;  // the last one whose full set is in the file; 0: none
  uint32_t full_epoch_;           // epoch of that set
  uint32_t full_segments_;        // how many segments it took
  bool changed_since_full_;
  SurvivorShares shares_;
  uint64_t scan_cursor_;
  bool full_due_;

  uint64_t kept_thinned_;                       // kept deaths over budget
  alignas(16) uint8_t scratch_[kScratchBytes];  // rows of the chunk being encoded
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HISTORY_WRITER_H_
