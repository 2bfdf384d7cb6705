// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/record_reader.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "libtrack/capture/crc32c.h"

namespace leaktrack::capture {
namespace {

constexpr size_t kMostLines = 100;
constexpr uint64_t kMostUnpackedPerByte = 64;

struct Segment {
  SegmentHeader header;
  uint64_t offset;
  std::span<const uint8_t> bytes;
};

bool AllZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

std::string At(uint64_t offset) { return "offset " + std::to_string(offset) + ": "; }

std::string Skipped(uint64_t bytes) { return "; " + std::to_string(bytes) + " bytes skipped"; }

std::vector<Segment> FindSegments(std::span<const uint8_t> file, uint64_t run_id,
                                  DamageList* damage, FileFacts* facts) {
  std::vector<Segment> segments;
  for (uint64_t offset = kHeaderBytes; offset < file.size(); offset += kSegmentBytes) {
    if (++facts->segments > kMaxSegments) {
      damage->Add(At(offset) + "bytes beyond the end of any capture" +
                  Skipped(file.size() - offset));
      break;
    }
    const auto bytes =
        file.subspan(offset, std::min<uint64_t>(kSegmentBytes, file.size() - offset));
    Segment segment{{}, offset, bytes};
    if (bytes.size() < sizeof(SegmentHeader)) {
      damage->Add(At(offset) + "the file ends inside a segment header (cut off?)" +
                  Skipped(bytes.size()));
      break;
    }
    memcpy(&segment.header, bytes.data(), sizeof(SegmentHeader));
    if (AllZero(bytes.first(sizeof(SegmentHeader))) && AllZero(bytes))
      continue;  // reserved, never written
    const SegmentHeader& header = segment.header;
    if (header.magic != kSegmentMagic ||
        header.crc != Crc32c(&header, offsetof(SegmentHeader, crc))) {
      damage->Add(At(offset) + "the checksum of a segment header is wrong" + Skipped(bytes.size()));
      continue;
    }
    if (run_id == 0) run_id = header.run_id;
    if (header.run_id != run_id) {
      damage->Add(At(offset) + "segment of another run" + Skipped(bytes.size()));
      continue;
    }
    ++facts->valid_segments;
    segments.push_back(segment);
  }
  // The order of writing: an older use of a segment is not told from a newer one by its place.
  std::sort(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) {
    return a.header.sequence < b.header.sequence;
  });
  return segments;
}

enum class Found : uint8_t { kRecord, kEnd, kCut, kBad };

Found NextRecord(const Segment& segment, size_t at, RecordHeader* record) {
  if (kSegmentBytes - at < sizeof(RecordHeader)) return Found::kEnd;
  const auto rest = segment.bytes.subspan(at);
  if (rest.size() < sizeof(RecordHeader)) return Found::kCut;
  if (AllZero(rest.first(sizeof(RecordHeader)))) return Found::kEnd;
  memcpy(record, rest.data(), sizeof(*record));
  if (record->sequence != segment.header.sequence ||
      record->length > kSegmentBytes - at - sizeof(*record) || record->raw_length > kMaxRawBytes) {
    return Found::kBad;
  }
  if (record->length > rest.size() - sizeof(*record)) return Found::kCut;
  const uint32_t crc = Crc32c(rest.data() + sizeof(*record), record->length,
                              Crc32c(&record->length, sizeof(*record) - sizeof(record->crc)));
  return crc == record->crc ? Found::kRecord : Found::kBad;
}

class Unpacker {
 public:
  explicit Unpacker(uint64_t budget) : budget_(budget) {}

  bool Unpack(const RecordHeader& record, std::span<const uint8_t> stored,
              std::span<const uint8_t>* payload) {
    *payload = stored;
    if (record.codec == Codec::kRaw) return true;
    if (record.codec != Codec::kZstd || record.raw_length > budget_) return false;
    budget_ -= record.raw_length;
    raw_.resize(record.raw_length);
    const size_t got = ZSTD_decompress(raw_.data(), raw_.size(), stored.data(), stored.size());
    if (ZSTD_isError(got)) return false;
    *payload = std::span<const uint8_t>(raw_).first(got);
    return got == record.raw_length;
  }

 private:
  uint64_t budget_;
  std::vector<uint8_t> raw_;
};

}  // namespace

void DamageList::Add(std::string line) {
  if (lines_.size() < kMostLines)
    lines_.push_back(std::move(line));
  else if (lines_.size() == kMostLines)
    lines_.push_back("... and more");
}

FileFacts ReadRecords(std::span<const uint8_t> file, uint64_t run_id, DamageList* damage,
                      const std::function<bool(const Record&)>& take) {
  FileFacts facts;
  Unpacker unpacker(kMostUnpackedPerByte * file.size());
  for (const Segment& segment : FindSegments(file, run_id, damage, &facts)) {
    size_t at = sizeof(SegmentHeader);
    for (;;) {
      RecordHeader header;
      const Found found = NextRecord(segment, at, &header);
      const uint64_t offset = segment.offset + at;
      if (found == Found::kCut)
        damage->Add(At(offset) + "the file ends inside a record (cut off?)");
      if (found == Found::kBad) {
        damage->Add(At(offset) +
                    "the checksum of a record is wrong (killed while writing, or damaged)" +
                    Skipped(segment.bytes.size() - at));
      }
      if (found != Found::kRecord) break;
      Record record{header.type, segment.header.level, header.epoch, offset, {}};
      const auto stored = segment.bytes.subspan(at + sizeof(header), header.length);
      if (!unpacker.Unpack(header, stored, &record.payload)) {
        damage->Add(At(offset) + "record does not unpack" + Skipped(header.length));
      } else if (!take(record)) {
        damage->Add(At(offset) + "record contradicts itself; part of it skipped");
      }
      at += sizeof(header) + header.length;
    }
  }
  return facts;
}

}  // namespace leaktrack::capture
