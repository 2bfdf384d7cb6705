// SPDX-License-Identifier: Apache-2.0
//
// Turns values into records: varints and columns into a raw buffer, the raw buffer through zstd
// into the store.
//
// Promises: no allocation: zstd works in a fixed workspace (level 1). What does not shrink is
// stored raw.
// Limits: kMaxRawBytes per record; callers flush before a chunk could exceed it.
//
// Thread-safety: none.   Allocates: never.   Signals: not reentrant.   Fork: not for the child.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_ENCODER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_ENCODER_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/format.h"
#include "libtrack/capture/write/segment_store.h"

namespace leaktrack::capture {

// A cursor over the raw buffer. Overflow is remembered, never written.
class RawBuffer {
 public:
  void Clear() {
    size_ = 0;
    overflow_ = false;
  }
  void Byte(uint8_t value) {
    if (size_ < kMaxRawBytes)
      bytes_[size_++] = value;
    else
      overflow_ = true;
  }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }
  // Small for small magnitudes of either sign.
  void Signed(int64_t value) {
    Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void Bytes(const void* data, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) Byte(static_cast<const uint8_t*>(data)[i]);
  }
  void String(const char* text, size_t capacity);  // length, then bytes
  size_t size() const { return size_; }
  size_t room() const { return kMaxRawBytes - size_; }
  bool overflow() const { return overflow_; }
  const uint8_t* data() const { return bytes_; }

 private:
  size_t size_;
  bool overflow_;
  uint8_t bytes_[kMaxRawBytes];
};

class RecordEncoder {
 public:
  static constexpr size_t kZstdWorkspaceBytes =
      576 * 1024;  // checked against zstd's own estimate by a test

  RawBuffer& raw() { return raw_; }
  // Frames what is in raw() and appends it; clears raw() either way.
  [[nodiscard]] Stored Flush(SegmentStore* store, SegmentKind kind, uint32_t level, RecordType type,
                             uint32_t epoch, uint16_t chunk = 0, uint16_t chunk_count = 0);

 private:
  RawBuffer raw_;
  uint8_t framed_[SegmentStore::kFrameRoom + kMaxRawBytes + 1024 + SegmentStore::kTailRoom];
  alignas(16) uint8_t zstd_workspace_[kZstdWorkspaceBytes];
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_ENCODER_H_
