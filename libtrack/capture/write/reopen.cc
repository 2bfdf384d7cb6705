// SPDX-License-Identifier: Apache-2.0
//
// HistoryWriter::Reopen: continues a file that another process left.
#include <cstdint>
#include <cstring>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/write/history_writer.h"

namespace leaktrack::capture {
namespace {

bool IsOurs(const SegmentHeader& segment, uint64_t run_id) {
  return segment.magic == kSegmentMagic && segment.run_id == run_id && segment.major == kMajor &&
         segment.crc == Crc32c(&segment, offsetof(SegmentHeader, crc)) && segment.level < kLevels &&
         segment.kind >= SegmentKind::kDictionary && segment.kind <= SegmentKind::kStatus;
}

struct Varints {
  const uint8_t* at;
  const uint8_t* end;
  uint64_t Next() {
    uint64_t value = 0;
    for (uint32_t shift = 0; at < end && shift < 64; shift += 7) {
      const uint8_t byte = *at++;
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
};

}  // namespace

bool HistoryWriter::Reopen(const FileOps& file, const RecorderHeader& header) {
  auto* page = reinterpret_cast<FileHeader*>(scratch_);
  if (file.pread(file.context, page, sizeof(*page), 0) != static_cast<int64_t>(sizeof(*page)))
    return false;
  if (page->magic != kCaptureMagic || page->run_id != header.run_id || page->major != kMajor)
    return false;

  store_.Start(file, header.run_id);
  depot_cursor_ = kDepotFirstOffset;
  full_due_ = true;
  // The final word goes to level 0 only.
  for (uint32_t level = 1; level < kLevels; ++level) level_done_[level] = UINT64_MAX;

  static_assert(kScratchBytes >= kSegmentBytes);
  for (uint32_t index = 0; index < kMaxSegments; ++index) {
    const int64_t got =
        file.pread(file.context, scratch_, kSegmentBytes, kHeaderBytes + index * kSegmentBytes);
    if (got < static_cast<int64_t>(sizeof(SegmentHeader))) break;
    SegmentHeader segment;
    memcpy(&segment, scratch_, sizeof(segment));
    if (!IsOurs(segment, header.run_id)) continue;
    store_.Adopt(index, segment);
    if (segment.kind == SegmentKind::kStatus)
      ReadStatuses(segment.sequence, static_cast<size_t>(got));
  }
  generation_ = store_.generation();
  complete_generation_ = generation_;
  return true;
}

// Reads from the last commit how far the dictionary is written. See WriterParts::Status.
void HistoryWriter::ReadStatuses(uint64_t sequence, size_t bytes) {
  for (size_t at = sizeof(SegmentHeader); at + sizeof(RecordHeader) <= bytes;) {
    RecordHeader record;
    memcpy(&record, scratch_ + at, sizeof(record));
    const uint8_t* payload = scratch_ + at + sizeof(record);
    if (record.sequence != sequence || record.length > bytes - at - sizeof(record)) return;
    if (record.crc !=
        Crc32c(payload, record.length, Crc32c(&record.length, sizeof(record) - sizeof(record.crc))))
      return;
    at += sizeof(record) + record.length;
    if (record.type != RecordType::kStatus || record.epoch < epoch_) continue;
    Varints values{payload, payload + record.length};
    epoch_ = record.epoch;
    failed_epochs_ = values.Next();
    depot_cursor_ = values.Next();
    module_cursor_ = static_cast<uint32_t>(values.Next());
    dictionary_refused_ = values.Next();
    kept_thinned_ = values.Next();
  }
}

}  // namespace leaktrack::capture
