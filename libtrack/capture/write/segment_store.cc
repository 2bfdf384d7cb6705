// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/write/segment_store.h"

#include <cstring>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/dcheck.h"

namespace leaktrack::capture {
namespace {

// Segments per stream: history 0..6, dictionary, survivors (both generations), kept, status. Coarse
// levels have more, because what falls out of them is lost. A busy level-0 record takes most of a
// segment, and eight of them must outlast one period of the next level.
constexpr uint32_t kLimits[kStreams] = {12, 12, 12, 12, 12, 24, 48, 384, 160, 16, 4};
constexpr uint32_t kMostPerLevel = 60;
static_assert(kLevels * kMostPerLevel + 384 + 160 + 16 + 4 <= kMaxSegments,
              "no kind may take what another may have");

uint64_t OffsetOf(uint32_t index) { return kHeaderBytes + index * kSegmentBytes; }

}  // namespace

void SegmentStore::Start(const FileOps& file, uint64_t run_id) {
  file_ = file;
  run_id_ = run_id;
  next_sequence_ = 1;
  file_bytes_ = kHeaderBytes;
  segment_count_ = 0;
  generation_ = 0;
  memset(streams_, 0, sizeof(streams_));
  memset(slots_, 0, sizeof(slots_));
  for (uint32_t i = 0; i < kStreams; ++i) streams_[i].limit = kLimits[i];
}

Stored SegmentStore::Append(SegmentKind kind, uint32_t level, RecordHeader record,
                            uint8_t* payload) {
  LEAKTRACK_DCHECK(level < kLevels);
  LEAKTRACK_DCHECK(kFrameRoom + record.length <= kSegmentBytes);
  const uint32_t number = StreamOf(kind, level);
  Stream& stream = streams_[number];
  const uint32_t bytes = static_cast<uint32_t>(sizeof(RecordHeader)) + record.length;
  if (stream.open == 0 || stream.used + bytes > kSegmentBytes)
    return AppendToNew(number, kind, level, record, payload);

  const Slot& slot = slots_[stream.open - 1];
  record.sequence = slot.sequence;
  record.crc =
      Crc32c(payload, record.length, Crc32c(&record.length, sizeof(record) - sizeof(record.crc)));
  memcpy(payload - sizeof(record), &record, sizeof(record));
  const size_t left = kSegmentBytes - stream.used - bytes;
  const size_t tail = left < kTailRoom ? left : kTailRoom;
  memset(payload + record.length, 0, tail);
  const uint64_t offset = OffsetOf(stream.open - 1) + stream.used;
  if (!file_.pwrite(file_.context, payload - sizeof(record), bytes + tail, offset))
    return Stored::kFailed;
  stream.used += bytes;
  if (offset + bytes + tail > file_bytes_) file_bytes_ = offset + bytes + tail;
  return Stored::kYes;
}

Stored SegmentStore::AppendToNew(uint32_t stream_number, SegmentKind kind, uint32_t level,
                                 RecordHeader record, uint8_t* payload) {
  uint32_t index = 0;
  if (!FindRoom(stream_number, &index)) return Stored::kNoRoom;
  // Before it is overwritten: whatever happens now, its old contents are gone.
  Free(index);

  SegmentHeader segment{};
  segment.magic = kSegmentMagic;
  segment.kind = kind;
  segment.level = static_cast<uint8_t>(level);
  segment.major = kMajor;
  segment.sequence = next_sequence_++;
  segment.run_id = run_id_;
  segment.generation = kind == SegmentKind::kSurvivors ? generation_ : 0;
  segment.crc = Crc32c(&segment, offsetof(SegmentHeader, crc));
  record.sequence = segment.sequence;
  record.crc =
      Crc32c(payload, record.length, Crc32c(&record.length, sizeof(record) - sizeof(record.crc)));

  uint8_t* start = payload - kFrameRoom;
  memcpy(start, &segment, sizeof(segment));
  memcpy(start + sizeof(segment), &record, sizeof(record));
  memset(payload + record.length, 0, kTailRoom);
  const size_t bytes = kFrameRoom + record.length;
  if (!file_.pwrite(file_.context, start, bytes + kTailRoom, OffsetOf(index)))
    return Stored::kFailed;

  slots_[index] = {segment.sequence, segment.generation, static_cast<uint8_t>(stream_number + 1)};
  Stream& stream = streams_[stream_number];
  stream.open = index + 1;
  stream.used = static_cast<uint32_t>(bytes);
  ++stream.count;
  ++stream.opened;
  if (index >= segment_count_) segment_count_ = index + 1;
  const uint64_t end = OffsetOf(index) + bytes + kTailRoom;
  if (end > file_bytes_) file_bytes_ = end;
  return Stored::kYes;
}

// Finds a free segment, else a new one at the end. At the stream's limit, or in a full file, it
// takes the stream's own oldest segment.
bool SegmentStore::FindRoom(uint32_t stream_number, uint32_t* index) {
  const Stream& stream = streams_[stream_number];
  uint32_t oldest = kMaxSegments;
  for (uint32_t i = 0; i < segment_count_; ++i) {
    if (slots_[i].stream == 0 && stream.count < stream.limit) {
      *index = i;
      return true;
    }
    const bool reusable = slots_[i].stream == stream_number + 1 && i + 1 != stream.open;
    if (reusable && (oldest == kMaxSegments || slots_[i].sequence < slots_[oldest].sequence))
      oldest = i;
  }
  if (stream.count < stream.limit && segment_count_ < kMaxSegments) {
    *index = segment_count_;
    return true;
  }
  const bool is_ring = stream_number != StreamOf(SegmentKind::kDictionary, 0) &&
                       stream_number != StreamOf(SegmentKind::kSurvivors, 0);
  *index = oldest;
  return is_ring && oldest != kMaxSegments;
}

void SegmentStore::Free(uint32_t index) {
  if (index >= segment_count_ || slots_[index].stream == 0) return;
  Stream& stream = streams_[slots_[index].stream - 1];
  --stream.count;
  if (stream.open == index + 1) stream.open = 0;
  slots_[index].stream = 0;
}

void SegmentStore::StartGeneration(uint32_t generation, uint32_t keep) {
  generation_ = generation;
  const uint32_t survivors = StreamOf(SegmentKind::kSurvivors, 0);
  for (uint32_t i = 0; i < segment_count_; ++i) {
    if (slots_[i].stream == survivors + 1 && slots_[i].generation != keep) Free(i);
  }
  streams_[survivors].open = 0;
}

uint32_t SegmentStore::GenerationSegments(uint32_t generation) const {
  const uint32_t survivors = StreamOf(SegmentKind::kSurvivors, 0);
  uint32_t count = 0;
  for (uint32_t i = 0; i < segment_count_; ++i) {
    count += slots_[i].stream == survivors + 1 && slots_[i].generation == generation;
  }
  return count;
}

void SegmentStore::RaiseHistoryLimit(uint32_t level, uint32_t segments) {
  LEAKTRACK_DCHECK(level < kLevels);
  if (segments > kMostPerLevel) segments = kMostPerLevel;
  if (streams_[level].limit < segments) streams_[level].limit = segments;
}

void SegmentStore::Adopt(uint32_t index, const SegmentHeader& header) {
  LEAKTRACK_DCHECK(index < kMaxSegments && header.level < kLevels);
  const uint32_t stream = StreamOf(header.kind, header.level);
  slots_[index] = {header.sequence, header.generation, static_cast<uint8_t>(stream + 1)};
  ++streams_[stream].count;
  if (index >= segment_count_) segment_count_ = index + 1;
  if (header.sequence >= next_sequence_) next_sequence_ = header.sequence + 1;
  if (header.kind == SegmentKind::kSurvivors && header.generation > generation_)
    generation_ = header.generation;
  const uint64_t end = OffsetOf(index) + kSegmentBytes;
  if (end > file_bytes_) file_bytes_ = end;
}

}  // namespace leaktrack::capture
