// SPDX-License-Identifier: Apache-2.0
//
// Survivor records: a full set from time to time, and in between the slots that have changed.
//
// The writer's own memory has one shadow word per slot, which says what the file holds. Two
// generations of full sets alternate, so that a complete one is in the file at whatever moment a
// kill comes. If more blocks live than a set may hold, each site is drawn from separately
// (survivor_shares.h), and each row says how many blocks it stands for.
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/write/mix_bits.h"
#include "libtrack/capture/write/writer_parts.h"

namespace leaktrack::capture {
namespace {

constexpr uint32_t kRows = 768;
constexpr size_t kRowBytes = 10 + 5 + 10 + 10 + 10 + 5 + 10 + 1;  // worst case
static_assert(64 + kRows * kRowBytes <= kMaxRawBytes, "a chunk must fit a record");

struct Row {
  LiveCopy entry;  // site 0: the slot is empty now
  uint32_t* shadow;
  uint32_t check;
};

uint32_t CheckOf(const LiveCopy& entry) {
  uint64_t mixed = MixBits(entry.address ^ (entry.size << 20));
  mixed = MixBits(mixed ^ entry.birth_ms ^ (entry.interval_bytes << 32));
  mixed = MixBits(mixed ^ entry.site ^ (uint64_t{entry.chain} << 32));
  return static_cast<uint32_t>(mixed) | 1;  // never 0
}

// Chooses the same blocks in every set, so that a share can be followed over time.
bool InShare(const LiveCopy& entry, uint32_t shift) {
  return (MixBits(entry.slot ^ (entry.birth_ms << 24)) & ((uint64_t{1} << shift) - 1)) == 0;
}

// Collects rows and writes a record for each full chunk.
class Collector {
 public:
  Collector(RecordEncoder* encoder, SegmentStore* store, const Epoch& epoch,
            const SurvivorShares& shares, RecordType type, Row* rows)
      : encoder_(encoder),
        store_(store),
        epoch_(epoch),
        shares_(shares),
        type_(type),
        rows_(rows) {}

  void Add(const LiveCopy& entry, uint32_t* shadow, uint32_t check) {
    if (used_ == kRows) Flush(entry.slot);
    rows_[used_++] = {entry, shadow, check};
  }

  // `end`: the record speaks for all slots below it that no earlier record of this set spoke for.
  void Flush(uint64_t end) {
    RawBuffer& raw = encoder_->raw();
    raw.Clear();
    raw.Varint(epoch_.now_ms);
    raw.Varint(shares_.mean_shift());
    raw.Varint(first_);
    raw.Varint(end);
    Encode(&raw);
    const Stored stored = encoder_->Flush(store_, SegmentKind::kSurvivors, 0, type_, epoch_.number,
                                          static_cast<uint16_t>(chunk_++));
    if (stored != Stored::kYes) result_ = stored;
    // A row that was not written keeps its old shadow, so the next epoch sees it as changed.
    for (uint32_t i = 0; i < used_ && stored == Stored::kYes; ++i)
      *rows_[i].shadow = rows_[i].check;
    used_ = 0;
    first_ = end;
  }

  bool empty() const { return used_ == 0; }
  bool wrote() const { return chunk_ != 0; }
  Stored result() const { return result_; }

 private:
  void Encode(RawBuffer* raw) const {
    raw->Varint(used_);
    uint64_t last = 0;
    for (uint32_t i = 0; i < used_; ++i) {
      raw->Varint(rows_[i].entry.slot - last);
      last = rows_[i].entry.slot;
    }
    for (uint32_t i = 0; i < used_; ++i) raw->Varint(rows_[i].entry.site);
    const auto column = [&](auto put) {
      for (uint32_t i = 0; i < used_; ++i) {
        if (rows_[i].entry.site != 0) put(rows_[i].entry);
      }
    };
    column([&](const LiveCopy& e) { raw->Varint(e.size); });
    column([&](const LiveCopy& e) { raw->Varint(e.interval_bytes); });
    column(
        [&](const LiveCopy& e) { raw->Signed(static_cast<int64_t>(epoch_.now_ms - e.birth_ms)); });
    column([&](const LiveCopy& e) { raw->Varint(e.chain); });
    column([&](const LiveCopy& e) {
      raw->Signed(static_cast<int64_t>(e.birth_ms - e.first_birth_ms));
    });
    if (shares_.mean_shift() != 0)
      column([&](const LiveCopy& e) { raw->Byte(static_cast<uint8_t>(shares_.ShiftOf(e))); });
  }

  RecordEncoder* encoder_;
  SegmentStore* store_;
  const Epoch& epoch_;
  const SurvivorShares& shares_;
  RecordType type_;
  Row* rows_;
  uint32_t used_ = 0, chunk_ = 0;
  uint64_t first_ = 0;
  Stored result_ = Stored::kYes;
};

struct Chooser {
  const Epoch& epoch;
  const SurvivorShares& shares;
  bool Wanted(const LiveCopy& entry) const {
    const bool young = entry.birth_ms + HistoryWriter::kYoungMs > epoch.now_ms &&
                       epoch.kind == EpochKind::kPeriodic;
    return !young && InShare(entry, shares.ShiftOf(entry));
  }
};

uint64_t SlotsIn(const RecorderView& view) {
  uint64_t slots = 0;
  for (uint32_t s = 0; s < kMaxLiveSegments; ++s) slots += view.Slots(s).count;
  return slots;
}

}  // namespace

bool WriterParts::Survivors(HistoryWriter& writer, const Epoch& epoch) {
  const uint32_t turns = static_cast<uint32_t>(1 + SlotsIn(epoch.view) / HistoryWriter::kScanSlots);
  const bool old = epoch.number - writer.full_epoch_ >= HistoryWriter::kFullSetEpochs * turns;
  const bool long_tail =
      writer.store_.GenerationSegments(writer.generation_) > 8 + 2 * writer.full_segments_;
  if (writer.shares_.Follow(writer.counters_.live) ||
      ((old || long_tail) && writer.changed_since_full_))
    writer.full_due_ = true;
  return writer.full_due_ ? FullSet(writer, epoch) : Changes(writer, epoch);
}

bool WriterParts::FullSet(HistoryWriter& writer, const Epoch& epoch) {
  writer.store_.StartGeneration(++writer.generation_, writer.complete_generation_);
  writer.shares_.Divide(epoch.view);
  static_assert(sizeof(writer.scratch_) >= kRows * sizeof(Row));
  Collector rows(&writer.encoder_, &writer.store_, epoch, writer.shares_, RecordType::kSurvivorSet,
                 reinterpret_cast<Row*>(writer.scratch_));
  const Chooser chooser{epoch, writer.shares_};
  for (uint32_t s = 0; s < kMaxLiveSegments; ++s) {
    const LiveSlots slots = epoch.view.Slots(s);
    for (uint64_t i = 0; i < slots.count && slots.first_in_region + i < writer.slot_capacity_;
         ++i) {
      uint32_t* shadow = &writer.slot_shadow_[slots.first_in_region + i];
      LiveCopy entry;
      if (epoch.view.CopyLive(slots, i, &entry) && chooser.Wanted(entry)) {
        rows.Add(entry, shadow, CheckOf(entry));
      } else if (*shadow != 0) {
        *shadow = 0;
      }
    }
  }
  for (uint32_t i = 0; i < epoch.view.map_count() && i < writer.map_capacity_; ++i) {
    LiveCopy entry;
    writer.map_shadow_[i] = 0;
    if (epoch.view.CopyMap(i, &entry)) rows.Add(entry, &writer.map_shadow_[i], CheckOf(entry));
  }
  rows.Flush(UINT64_MAX);
  writer.full_due_ = rows.result() != Stored::kYes;
  if (writer.full_due_) return rows.result() != Stored::kFailed;
  writer.complete_generation_ = writer.generation_;
  writer.full_epoch_ = epoch.number;
  writer.full_segments_ = writer.store_.GenerationSegments(writer.generation_);
  writer.changed_since_full_ = false;
  return true;
}

bool WriterParts::Changes(HistoryWriter& writer, const Epoch& epoch) {
  Collector rows(&writer.encoder_, &writer.store_, epoch, writer.shares_,
                 RecordType::kSurvivorChange, reinterpret_cast<Row*>(writer.scratch_));
  const Chooser chooser{epoch, writer.shares_};
  const uint64_t all = SlotsIn(epoch.view);
  // A large table (exact mode) is scanned in parts, in turn.
  const bool in_turns = all > HistoryWriter::kScanSlots && epoch.kind == EpochKind::kPeriodic;
  const uint64_t from = in_turns ? writer.scan_cursor_ : 0;
  const uint64_t to = in_turns ? from + HistoryWriter::kScanSlots : all;
  writer.scan_cursor_ = to >= all ? 0 : to;
  uint64_t base = 0;
  for (uint32_t s = 0; s < kMaxLiveSegments; ++s) {
    const LiveSlots slots = epoch.view.Slots(s);
    const uint64_t end =
        slots.count < (to > base ? to - base : 0) ? slots.count : (to > base ? to - base : 0);
    for (uint64_t i = from > base ? from - base : 0;
         i < end && slots.first_in_region + i < writer.slot_capacity_; ++i) {
      uint32_t* shadow = &writer.slot_shadow_[slots.first_in_region + i];
      LiveCopy entry;
      const bool wanted = epoch.view.CopyLive(slots, i, &entry) && chooser.Wanted(entry);
      const uint32_t check = wanted ? CheckOf(entry) : 0;
      if (check == *shadow) continue;
      if (!wanted) entry = {slots.first_slot + i, 0, 0, 0, 0, 0, 0, 0};
      rows.Add(entry, shadow, check);
    }
    base += slots.count;
  }
  for (uint32_t i = 0; i < epoch.view.map_count() && i < writer.map_capacity_; ++i) {
    LiveCopy entry;
    const uint32_t check = epoch.view.CopyMap(i, &entry) ? CheckOf(entry) : 0;
    if (check == writer.map_shadow_[i]) continue;
    if (check == 0) entry = {kMappingSlots + i, 0, 0, 0, 0, 0, 0, 0};
    rows.Add(entry, &writer.map_shadow_[i], check);
  }
  if (!rows.empty()) rows.Flush(UINT64_MAX);
  writer.changed_since_full_ |= rows.wrote();
  // A new generation frees the segments of the oldest one.
  if (rows.result() == Stored::kNoRoom) writer.full_due_ = true;
  return rows.result() != Stored::kFailed;
}

}  // namespace leaktrack::capture
