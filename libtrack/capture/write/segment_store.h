// SPDX-License-Identifier: Apache-2.0
//
// Decides where the next record goes. Segments of the capture file are appended on demand and
// reused as one ring per kind.
//
// Promises: a kind never takes more segments than its limit. A segment is marked free before it is
// overwritten, and it is owned only after its header and first record are written. So a failed
// pwrite costs nothing but the oldest segment. Each record is followed by 32 zero bytes, which the
// next record overwrites, so a reader can tell the end from a truncation.
//
// Thread-safety: none.
// Allocates: never.
// Signals: not reentrant.
// Fork: the child must not use it.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_SEGMENT_STORE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_SEGMENT_STORE_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/format.h"

namespace leaktrack::capture {

// Access to the file. Only Reopen() needs `pread`. It returns the bytes read, negative on error.
struct FileOps {
  void* context;
  bool (*pwrite)(void* context, const void* data, size_t bytes, uint64_t offset);
  int64_t (*pread)(void* context, void* data, size_t bytes, uint64_t offset);
};

// Dictionary, history 0..6, survivors, kept, status.
inline constexpr uint32_t kStreams = kLevels + 4;

enum class Stored : uint8_t {
  kYes,
  kFailed,  // the write failed: try again later
  kNoRoom,  // the kind has all the segments it may have, and none to reuse
};

class SegmentStore {
 public:
  void Start(const FileOps& file, uint64_t run_id);

  // Writes one record. This function fills the kFrameRoom bytes before `payload` and the kTailRoom
  // bytes after it. In `record` the caller sets type, codec, lengths, chunks and epoch; sequence
  // and crc are set here.
  static constexpr size_t kFrameRoom = sizeof(SegmentHeader) + sizeof(RecordHeader);
  static constexpr size_t kTailRoom = sizeof(RecordHeader);
  [[nodiscard]] Stored Append(SegmentKind kind, uint32_t level, RecordHeader record,
                              uint8_t* payload);

  // For survivors: the following segments belong to `generation`. Segments of all generations but
  // it and `keep` become free.
  void StartGeneration(uint32_t generation, uint32_t keep);
  uint32_t GenerationSegments(uint32_t generation) const;

  // Raises the level's limit to at least this many segments, so that a record cannot overwrite its
  // own beginning.
  void RaiseHistoryLimit(uint32_t level, uint32_t segments);
  // Segments that were opened for a stream since the start.
  uint64_t opened(SegmentKind kind, uint32_t level) const {
    return streams_[StreamOf(kind, level)].opened;
  }

  // Enters a segment of an existing file into the table. Streams continue in new segments.
  void Adopt(uint32_t index, const SegmentHeader& header);

  uint32_t generation() const { return generation_; }
  uint32_t segment_count() const { return segment_count_; }
  uint64_t file_bytes() const { return file_bytes_; }
  const FileOps& file() const { return file_; }
  uint64_t run_id() const { return run_id_; }

 private:
  struct Slot {
    uint64_t sequence;
    uint32_t generation;
    uint8_t stream;  // stream + 1; 0: free
  };
  struct Stream {
    uint32_t open;  // index + 1 of the segment being filled; 0: none
    uint32_t used;  // bytes in it
    uint32_t limit;
    uint32_t count;
    uint64_t opened;
  };

  static uint32_t StreamOf(SegmentKind kind, uint32_t level) {
    return kind == SegmentKind::kHistory ? level
                                         : kLevels + static_cast<uint32_t>(kind) -
                                               (kind == SegmentKind::kDictionary ? 1u : 2u);
  }
  bool FindRoom(uint32_t stream, uint32_t* index);
  Stored AppendToNew(uint32_t stream, SegmentKind kind, uint32_t level, RecordHeader record,
                     uint8_t* payload);
  void Free(uint32_t index);

  FileOps file_;
  uint64_t run_id_;
  uint64_t next_sequence_;
  uint64_t file_bytes_;
  uint32_t segment_count_;
  uint32_t generation_;
  Stream streams_[kStreams];
  Slot slots_[kMaxSegments];
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_SEGMENT_STORE_H_
