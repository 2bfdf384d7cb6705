// SPDX-License-Identifier: Apache-2.0
//
// Kept deaths and the status record.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/write/mix_bits.h"
#include "libtrack/capture/write/writer_parts.h"

namespace leaktrack::capture {
namespace {

constexpr uint32_t kRows = 640;
constexpr uint32_t kGroups = 256;
// Worst case; positions in a ring are close together.
constexpr size_t kRowBytes = 2 + 5 + 10 + 10 + 10 + 10 + 5;
constexpr size_t kGroupBytes = 5 + 10 + 3 + 3;
static_assert(64 + kRows * kRowBytes + kGroups * kGroupBytes <= kMaxRawBytes,
              "a chunk must fit a record");

// Probabilities are in units of 2^-32.
constexpr uint64_t kCertain = uint64_t{1} << 32;

struct Group {
  uint32_t ring, rows;
  uint64_t first, end;  // positions that this record speaks for, including thinned ones
};

struct Chunk {
  KeptCopy rows[kRows];
  Group groups[kGroups];
  uint32_t row_count, group_count;
};

void EncodeChunk(const Chunk& chunk, uint64_t now_ms, uint64_t probability, RawBuffer* raw) {
  raw->Clear();
  raw->Varint(now_ms);
  raw->Varint(probability);
  raw->Varint(chunk.group_count);
  for (uint32_t i = 0; i < chunk.group_count; ++i) {
    const Group& group = chunk.groups[i];
    raw->Varint(group.ring);
    raw->Varint(group.first);
    raw->Varint(group.end - group.first);
    raw->Varint(group.rows);
  }
  const auto column = [&](auto put) {
    uint32_t row = 0;
    for (uint32_t g = 0; g < chunk.group_count; ++g) {
      for (uint32_t i = 0; i < chunk.groups[g].rows; ++i) put(chunk.rows[row++], chunk.groups[g]);
    }
  };
  column([&](const KeptCopy& e, const Group& g) { raw->Varint(e.position - g.first); });
  column([&](const KeptCopy& e, const Group&) { raw->Varint(e.site); });
  column([&](const KeptCopy& e, const Group&) { raw->Varint(e.size); });
  column([&](const KeptCopy& e, const Group&) { raw->Varint(e.interval_bytes); });
  column([&](const KeptCopy& e, const Group&) {
    raw->Signed(static_cast<int64_t>(now_ms - e.death_ms));
  });
  column([&](const KeptCopy& e, const Group&) {
    raw->Signed(static_cast<int64_t>(e.death_ms - e.birth_ms));
  });
  column([&](const KeptCopy& e, const Group&) { raw->Varint(e.chain); });
}

uint64_t Pending(const RecorderView& view) {
  uint64_t pending = 0;
  for (uint32_t i = 0; i < view.thread_count(); ++i) {
    const ThreadBlock* block = view.Thread(i);
    const uint64_t written = block->written.load(std::memory_order_relaxed);
    const uint64_t consumed = block->consumed.load(std::memory_order_relaxed);
    if (written > consumed)
      pending += written - consumed < kRingEvents ? written - consumed : kRingEvents;
  }
  return pending;
}

}  // namespace

bool WriterParts::Kept(HistoryWriter& writer, const Epoch& epoch) {
  static_assert(sizeof(writer.scratch_) >= sizeof(Chunk));
  Chunk& chunk = *reinterpret_cast<Chunk*>(writer.scratch_);
  chunk.row_count = chunk.group_count = 0;
  const uint64_t pending = Pending(epoch.view);
  const uint64_t probability = pending <= HistoryWriter::kKeptBudget
                                   ? kCertain
                                   : kCertain * HistoryWriter::kKeptBudget / pending;
  uint64_t thinned = 0;
  bool ok = true;
  const auto flush = [&] {
    if (chunk.group_count == 0) return;
    EncodeChunk(chunk, epoch.now_ms, probability, &writer.encoder_.raw());
    const Stored stored = writer.encoder_.Flush(&writer.store_, SegmentKind::kKept, 0,
                                                RecordType::kKeptDeaths, epoch.number);
    ok = stored == Stored::kYes;
    for (uint32_t i = 0; ok && i < chunk.group_count; ++i) {
      epoch.view.Thread(chunk.groups[i].ring)
          ->consumed.store(chunk.groups[i].end, std::memory_order_release);
    }
    if (ok) writer.kept_thinned_ += thinned;
    thinned = 0;
    chunk.row_count = chunk.group_count = 0;
  };
  for (uint32_t ring = 0; ok && ring < epoch.view.thread_count(); ++ring) {
    const ThreadBlock& block = *epoch.view.Thread(ring);
    const uint64_t first = block.consumed.load(std::memory_order_relaxed);
    const uint64_t written = block.written.load(std::memory_order_acquire);
    if (written <= first) continue;
    if (chunk.group_count == kGroups || chunk.row_count + kRingEvents > kRows) flush();
    Group group{ring, 0, first, first};
    for (KeptCopy event; group.end < written && epoch.view.CopyKept(block, group.end, &event);
         ++group.end) {
      const bool keep =
          (MixBits(event.position ^ (uint64_t{ring} << 48) ^ event.birth_ms) >> 32) < probability;
      if (keep && event.site != 0 && event.interval_bytes != 0) {
        chunk.rows[chunk.row_count++] = event;
        ++group.rows;
      } else {
        ++thinned;
      }
    }
    if (group.end != first) chunk.groups[chunk.group_count++] = group;
  }
  if (ok) flush();
  return ok;
}

// Old readers ignore what follows the fields they know, so add new fields at the end. Reopen()
// reads the first five.
bool WriterParts::Status(HistoryWriter& writer, const Epoch& epoch) {
  const RecorderHeader& header = *epoch.view.header();
  const auto read = [](const std::atomic<uint64_t>& value) {
    return value.load(std::memory_order_relaxed);
  };
  RawBuffer& raw = writer.encoder_.raw();
  raw.Clear();
  raw.Varint(writer.failed_epochs_);
  raw.Varint(writer.depot_cursor_);
  raw.Varint(writer.module_cursor_);
  raw.Varint(writer.dictionary_refused_);
  raw.Varint(writer.kept_thinned_);
  raw.Varint(epoch.now_ms);
  const bool overridden = writer.state_override_ != RunState::kStarting;
  raw.Varint(overridden ? static_cast<uint32_t>(writer.state_override_)
                        : header.state.load(std::memory_order_acquire));
  raw.Varint(read(header.end_ms));
  raw.Varint(epoch.kind == EpochKind::kFinal);
  raw.Varint(writer.store_.segment_count());
  raw.Varint(read(header.interval_bytes_now));
  raw.Varint(read(header.interval_bytes_min));
  raw.Varint(read(header.interval_bytes_max));
  raw.Varint(writer.counters_.samples);
  raw.Varint(read(header.thinned_total));
  raw.Varint(writer.counters_.live);
  raw.Varint(read(header.exact_limit_hit_ms));
  raw.Varint(kLossCount);
  for (const auto& loss : header.losses) raw.Varint(read(loss));
  raw.String(header.allocator, sizeof(header.allocator));
  return writer.encoder_.Flush(&writer.store_, SegmentKind::kStatus, 0, RecordType::kStatus,
                               epoch.number) == Stored::kYes;
}

}  // namespace leaktrack::capture
