// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/write/history_writer.h"

#include <type_traits>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/write/writer_parts.h"

namespace leaktrack::capture {
namespace {

constexpr size_t Aligned(size_t bytes) {
  return (bytes + HistoryWriter::kLendStep - 1) / HistoryWriter::kLendStep *
         HistoryWriter::kLendStep;
}

struct Capacities {
  uint64_t cells, slots, maps, modules;
};

// Capacities come from reserved address space, which never changes during the run.
Capacities CapacitiesOf(const RecorderHeader& header) {
  const auto reserved = [&header](RegionId id) { return header.regions[id].reserved_bytes; };
  return {reserved(kRegionCells) / sizeof(Cell), 4 * (reserved(kRegionLive) / sizeof(LiveBucket)),
          reserved(kRegionMaps) / sizeof(MapEntry), reserved(kRegionModules) / sizeof(ModuleEntry)};
}

}  // namespace

size_t HistoryWriter::FirstBytes() { return Aligned(sizeof(HistoryWriter)); }

size_t HistoryWriter::MemoryBytes(const RecorderHeader& header) {
  const Capacities room = CapacitiesOf(header);
  return Aligned(sizeof(HistoryWriter)) + Aligned(room.cells * sizeof(uint32_t)) +
         Aligned(room.cells) + Aligned(room.cells * sizeof(CellOwnSums)) +
         Aligned(room.slots * sizeof(uint32_t)) + Aligned(room.maps * sizeof(uint32_t)) +
         Aligned(room.modules);
}

HistoryWriter* HistoryWriter::Place(void* memory, size_t bytes, const RecorderHeader& header) {
  LEAKTRACK_DCHECK(reinterpret_cast<uintptr_t>(memory) % alignof(HistoryWriter) == 0);
  if (bytes < MemoryBytes(header)) return nullptr;
  // Zeroed memory is a new writer, but for the fields set here. A constructor would touch megabytes
  // that a short run never needs.
  static_assert(std::is_trivially_copyable_v<HistoryWriter>, "of implicit lifetime");
  auto* writer = static_cast<HistoryWriter*>(memory);
  for (MemorySampleRaw& memory_of_level : writer->level_memory_) memory_of_level = {};
  const Capacities room = CapacitiesOf(header);
  char* next = static_cast<char*>(memory) + Aligned(sizeof(HistoryWriter));
  const auto take = [&next](size_t size) {
    char* taken = next;
    next += Aligned(size);
    return taken;
  };
  writer->cell_seen_ = reinterpret_cast<uint32_t*>(take(room.cells * sizeof(uint32_t)));
  writer->cell_dirty_ = reinterpret_cast<uint8_t*>(take(room.cells));
  writer->cell_own_ = reinterpret_cast<CellOwnSums*>(take(room.cells * sizeof(CellOwnSums)));
  writer->slot_shadow_ = reinterpret_cast<uint32_t*>(take(room.slots * sizeof(uint32_t)));
  writer->map_shadow_ = reinterpret_cast<uint32_t*>(take(room.maps * sizeof(uint32_t)));
  writer->module_unloaded_ = reinterpret_cast<uint8_t*>(take(room.modules));
  writer->cell_capacity_ = static_cast<uint32_t>(room.cells);
  writer->slot_capacity_ = room.slots;
  writer->map_capacity_ = static_cast<uint32_t>(room.maps);
  writer->module_capacity_ = static_cast<uint32_t>(room.modules);
  return writer;
}

void HistoryWriter::Start(const FileOps& file, const RecorderHeader& header) {
  store_.Start(file, header.run_id);
  depot_cursor_ = kDepotFirstOffset;
  full_due_ = true;
  // There was nothing before period 0.
  for (uint32_t level = 1; level < kLevels; ++level) level_done_[level] = 1;
}

void HistoryWriter::LendMemory(Lend lend, void* context) {
  lend_ = lend;
  lend_context_ = context;
  cell_capacity_ = map_capacity_ = 0;
  slot_capacity_ = 0;
  modules_wanted_ = module_capacity_;
  module_capacity_ = 0;
}

// Borrows the memory that an epoch of this image touches. The capacities say how much has been
// lent.
bool HistoryWriter::BorrowFor(const RecorderView& view) {
  if (lend_ == nullptr) return true;
  const uint32_t cells = view.cell_count(), maps = view.map_count();
  uint64_t slots = 0;
  for (uint32_t s = 0; s < kMaxLiveSegments; ++s) {
    const LiveSlots segment = view.Slots(s);
    if (segment.count != 0 && slots < segment.first_in_region + segment.count)
      slots = segment.first_in_region + segment.count;
  }
  if (module_capacity_ == 0 && Borrow(0, module_unloaded_, modules_wanted_))
    module_capacity_ = modules_wanted_;
  bool all = module_capacity_ != 0;
  if (cells > cell_capacity_) {
    const bool lent = Borrow(1, cell_seen_, cells * sizeof(*cell_seen_)) &&
                      Borrow(2, cell_dirty_, cells) &&
                      Borrow(3, cell_own_, cells * sizeof(*cell_own_));
    if (lent) cell_capacity_ = cells;
    all &= lent;
  }
  if (slots > slot_capacity_) {
    const bool lent = Borrow(4, slot_shadow_, slots * sizeof(*slot_shadow_));
    if (lent) slot_capacity_ = slots;
    all &= lent;
  }
  if (maps > map_capacity_) {
    const bool lent = Borrow(5, map_shadow_, maps * sizeof(*map_shadow_));
    if (lent) map_capacity_ = maps;
    all &= lent;
  }
  return all;
}

bool HistoryWriter::WriteEpoch(RecorderHeader* header, const MemorySampleRaw& memory,
                               uint64_t now_ms, EpochKind kind) {
  LEAKTRACK_DCHECK(store_.file().pwrite != nullptr);
  Epoch epoch{{}, memory, now_ms, epoch_ + 1, kind};
  if (!epoch.view.Open(header, header->image_bytes)) return false;
  bool ok = BorrowFor(epoch.view);
  ok &= WriterParts::Dictionary(*this, epoch);
  ok &= WriterParts::History(*this, epoch);
  ok &= WriterParts::Survivors(*this, epoch);
  ok &= WriterParts::Kept(*this, epoch);
  // Status is written even if a part failed: it carries the counters and says that something is
  // missing.
  if (!ok) ++failed_epochs_;
  const bool committed = WriterParts::Status(*this, epoch);
  if (committed) {
    epoch_ = epoch.number;
  } else if (ok) {
    ++failed_epochs_;
  }
  return ok && committed;
}

}  // namespace leaktrack::capture
