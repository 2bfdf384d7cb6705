// SPDX-License-Identifier: Apache-2.0
//
// History records: when a level is due, the absolute sums of every cell that has changed since the
// level was last written.
#include <bit>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/write/writer_parts.h"

namespace leaktrack::capture {
namespace {

constexpr uint32_t kRows = 1024;
constexpr size_t kRowBytes = 5 + 1 + 10 + 10 + 10 + 8;  // worst case
constexpr size_t kHeadBytes = 32 + 10 * kMemoryFields;
static_assert(kHeadBytes + kRows * kRowBytes <= kMaxRawBytes, "a chunk must fit a record");
constexpr uint8_t kAllLevels = (1u << kLevels) - 1;
constexpr double kObjectScale = 16;

uint64_t Rounded(double value) {
  // The comparison is also false for NaN.
  return value >= 0 && value < 1e18 ? static_cast<uint64_t>(value + 0.5) : 0;
}

// Writes one byte plane after the other. The exponents are similar and compress well; the mantissas
// do not, and stay apart.
template <typename Get>
void EncodeFloats(const CellCopy* rows, uint32_t count, RawBuffer* raw, Get get) {
  for (uint32_t plane = 0; plane < 4; ++plane) {
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(get(rows[i])));
      raw->Byte(static_cast<uint8_t>(bits >> (8 * plane)));
    }
  }
}

void EncodeCells(const CellCopy* rows, uint32_t count, RawBuffer* raw) {
  raw->Varint(count);
  int64_t last_site = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const int64_t site = static_cast<int64_t>((rows[i].key >> 8) & 0xffff'ffff);
    raw->Signed(site - last_site);
    last_site = site;
  }
  for (uint32_t i = 0; i < count; ++i) raw->Byte(static_cast<uint8_t>(rows[i].key));
  for (uint32_t i = 0; i < count; ++i) raw->Varint(rows[i].samples);
  for (uint32_t i = 0; i < count; ++i) {  // as distance from the samples: 0 in exact mode
    raw->Signed(
        static_cast<int64_t>(Rounded(rows[i].objects * kObjectScale) - rows[i].samples * 16));
  }
  for (uint32_t i = 0; i < count; ++i) raw->Varint(Rounded(rows[i].bytes));
  EncodeFloats(rows, count, raw, [](const CellCopy& row) { return row.bytes_squared; });
  EncodeFloats(rows, count, raw, [](const CellCopy& row) { return row.variance; });
}

void EncodeMemory(const Epoch& epoch, uint32_t first, uint32_t end, RawBuffer* raw) {
  const auto* fields = reinterpret_cast<const int64_t*>(&epoch.memory);
  for (uint32_t i = first; i < end; ++i)
    raw->Varint(fields[i] < 0 ? 0 : static_cast<uint64_t>(fields[i]) + 1);
}

void EncodeHead(const Epoch& epoch, bool with_memory, RawBuffer* raw) {
  raw->Clear();
  raw->Varint(epoch.now_ms);
  raw->Byte(with_memory);
  if (with_memory) EncodeMemory(epoch, 0, kFirstMemoryFields, raw);
}

// Fields behind the columns. Readers of 1.0 stop before them.
void EncodeTail(const Epoch& epoch, bool with_memory, RawBuffer* raw) {
  if (!with_memory) return;
  raw->Varint(kMemoryFields - kFirstMemoryFields);
  EncodeMemory(epoch, kFirstMemoryFields, kMemoryFields, raw);
}

bool Moved(int64_t from, int64_t to) {
  const int64_t step = from > to ? from - to : to - from;
  return (from < 0) != (to < 0) || step > from / 64;
}

// True if memory has moved enough for a record in a second in which no cell has changed.
bool Moved(const MemorySampleRaw& from, const MemorySampleRaw& to) {
  return Moved(from.rss, to.rss) || Moved(from.anonymous, to.anonymous) ||
         Moved(from.swap, to.swap) || Moved(from.cgroup_current, to.cgroup_current) ||
         from.cgroup_max != to.cgroup_max || from.oom_kills != to.oom_kills ||
         from.allocator_read_ms != to.allocator_read_ms || Moved(from.work_units, to.work_units);
}

}  // namespace

bool WriterParts::History(HistoryWriter& writer, const Epoch& epoch) {
  FindChangedCells(writer, epoch);
  bool ok = true;
  // Coarse first: what the fine ring is about to reuse must already be in the coarse one.
  for (uint32_t level = kLevels; level-- > 0;) {
    const uint64_t period = epoch.now_ms / LevelPeriodMs(level) + 1;
    const bool due = level == 0 || period > writer.level_done_[level];
    if (!due) continue;
    if (Level(writer, epoch, level)) {
      if (level != 0) writer.level_done_[level] = period;
    } else {
      ok = false;
    }
  }
  return ok;
}

// A cell's sums over all threads: the shared cell plus the own cells.
bool WriterParts::CopyCell(const HistoryWriter& writer, const Epoch& epoch, uint32_t number,
                           CellCopy* cell) {
  if (!epoch.view.CopyCell(number, cell)) return false;
  if (writer.cells_owned_) Add(writer.cell_own_[number], cell);
  return true;
}

void WriterParts::FindChangedCells(HistoryWriter& writer, const Epoch& epoch) {
  const uint32_t count = epoch.view.cell_count();
  writer.cells_owned_ = epoch.view.SumOwnCells(
      writer.cell_own_, count < writer.cell_capacity_ ? count : writer.cell_capacity_,
      &writer.counters_);
  for (uint32_t i = 0; i < count && i < writer.cell_capacity_; ++i) {
    CellCopy cell;
    if (!CopyCell(writer, epoch, i, &cell)) continue;
    const uint32_t low = static_cast<uint32_t>(cell.samples);
    if (low == writer.cell_seen_[i]) continue;
    writer.cell_seen_[i] = low;
    writer.cell_dirty_[i] = kAllLevels;
  }
}

bool WriterParts::Level(HistoryWriter& writer, const Epoch& epoch, uint32_t level) {
  auto* rows = reinterpret_cast<CellCopy*>(writer.scratch_);
  static_assert(sizeof(writer.scratch_) >= kRows * sizeof(CellCopy));
  const uint8_t bit = static_cast<uint8_t>(1u << level);
  const uint32_t known = epoch.view.cell_count();
  const uint32_t count = known < writer.cell_capacity_ ? known : writer.cell_capacity_;
  const uint64_t opened = writer.store_.opened(SegmentKind::kHistory, level);
  RawBuffer& raw = writer.encoder_.raw();
  uint16_t chunk = 0;
  for (uint32_t next = 0; next < count || chunk == 0; ++chunk) {
    const uint32_t first = next;
    uint32_t used = 0;
    for (; next < count && used < kRows; ++next) {
      if ((writer.cell_dirty_[next] & bit) != 0 && CopyCell(writer, epoch, next, &rows[used]))
        ++used;
    }
    const bool quiet = level < 2 && epoch.kind == EpochKind::kPeriodic &&
                       !Moved(writer.level_memory_[level], epoch.memory);
    if (used == 0 && (chunk != 0 || quiet)) break;
    EncodeHead(epoch, chunk == 0, &raw);
    EncodeCells(rows, used, &raw);
    EncodeTail(epoch, chunk == 0, &raw);
    const Stored stored = writer.encoder_.Flush(&writer.store_, SegmentKind::kHistory, level,
                                                RecordType::kCells, epoch.number, chunk);
    if (stored != Stored::kYes) return false;
    for (uint32_t i = first; i < next; ++i) writer.cell_dirty_[i] &= static_cast<uint8_t>(~bit);
    if (chunk == 0) writer.level_memory_[level] = epoch.memory;
  }
  const uint64_t taken = writer.store_.opened(SegmentKind::kHistory, level) - opened;
  // Room for the nine records that bridge two of the next level. A record must at least never
  // overwrite its own beginning.
  writer.store_.RaiseHistoryLimit(level, static_cast<uint32_t>(9 * taken + 2));
  return true;
}

}  // namespace leaktrack::capture
