// SPDX-License-Identifier: Apache-2.0
//
// The parts of one epoch, one function per kind of record. history_writer.cc calls them in the
// order that it promises.
//
// Each function returns false if a write failed. It then remembers what is still to be written.
//
// Thread-safety, Allocates, Signals, Fork: as HistoryWriter.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_WRITER_PARTS_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_WRITER_PARTS_H_

#include <cstdint>

#include "libtrack/capture/write/history_writer.h"

namespace leaktrack::capture {

struct Epoch {
  RecorderView view;
  const MemorySampleRaw& memory;
  uint64_t now_ms;
  uint32_t number;
  EpochKind kind;
};

struct WriterParts {
  [[nodiscard]] static bool Dictionary(HistoryWriter& writer, const Epoch& epoch);
  [[nodiscard]] static bool History(HistoryWriter& writer, const Epoch& epoch);
  [[nodiscard]] static bool Survivors(HistoryWriter& writer, const Epoch& epoch);
  [[nodiscard]] static bool Kept(HistoryWriter& writer, const Epoch& epoch);
  [[nodiscard]] static bool Status(HistoryWriter& writer, const Epoch& epoch);

 private:
  static bool Stacks(HistoryWriter& writer, const Epoch& epoch);
  static bool Modules(HistoryWriter& writer, const Epoch& epoch);
  static bool Hooks(HistoryWriter& writer, const Epoch& epoch);
  static bool Notes(HistoryWriter& writer, const Epoch& epoch);
  static bool CopyCell(const HistoryWriter& writer, const Epoch& epoch, uint32_t number,
                       CellCopy* cell);
  static void FindChangedCells(HistoryWriter& writer, const Epoch& epoch);
  static bool Level(HistoryWriter& writer, const Epoch& epoch, uint32_t level);
  static bool FullSet(HistoryWriter& writer, const Epoch& epoch);
  static bool Changes(HistoryWriter& writer, const Epoch& epoch);
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_WRITER_PARTS_H_
