// SPDX-License-Identifier: Apache-2.0
//
// Turns values into records: varints and columns go into a raw buffer, and the buffer goes through
// zstd into the store.
//
// Promises: no allocation, because zstd works in a fixed workspace (level 1). A payload that does
// not shrink is stored raw.
// Limits: kMaxRawBytes per record. Callers flush before a chunk could exceed it.
//
// Thread-safety: none.
// Allocates: never.
// Signals: not reentrant.
// Fork: the child must not use it.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_ENCODER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_ENCODER_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/format.h"
#include "libtrack/capture/write/segment_store.h"

namespace leaktrack::capture {

// A cursor over the raw buffer. It remembers an overflow and never writes past the end.
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
  // Zigzag: small for small magnitudes of either sign.
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
  // A test checks this against zstd's own estimate.
  static constexpr size_t kZstdWorkspaceBytes = 576 * 1024;

  RawBuffer& raw() { return raw_; }
  // Frames the contents of raw() and appends them to the store. Clears raw() in any case.
  [[nodiscard]] Stored Flush(SegmentStore* store, SegmentKind kind, uint32_t level, RecordType type,
                             uint32_t epoch, uint16_t chunk = 0, uint16_t chunk_count = 0);

 private:
  RawBuffer raw_;
  uint8_t framed_[SegmentStore::kFrameRoom + kMaxRawBytes + 1024 + SegmentStore::kTailRoom];
  alignas(16) uint8_t zstd_workspace_[kZstdWorkspaceBytes];
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_ENCODER_H_
