// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/write/encoder.h"

#include <cstring>

// ZSTD_initStaticCCtx belongs to zstd's "static linking only" part. That is safe here, because
// libzstd.a is linked in.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

// libzstd.a calls these functions if they exist, and a program may define them for a zstd of its
// own. Our definitions are hidden and return 0, so that our zstd never calls the program's.
#define LEAKTRACK_OF_ZSTD extern "C" __attribute__((visibility("hidden")))
LEAKTRACK_OF_ZSTD unsigned long long ZSTD_trace_compress_begin(const ZSTD_CCtx*) { return 0; }
LEAKTRACK_OF_ZSTD void ZSTD_trace_compress_end(unsigned long long, const void*) {}

namespace leaktrack::capture {
namespace {
constexpr int kZstdLevel = 1;
constexpr size_t kWorthCompressing = 64;
}  // namespace

void RawBuffer::String(const char* text, size_t capacity) {
  const size_t bytes = strnlen(text, capacity);
  Varint(bytes);
  Bytes(text, bytes);
}

Stored RecordEncoder::Flush(SegmentStore* store, SegmentKind kind, uint32_t level, RecordType type,
                            uint32_t epoch, uint16_t chunk, uint16_t chunk_count) {
  const size_t raw_length = raw_.size();
  const bool overflow = raw_.overflow();
  uint8_t* payload = framed_ + SegmentStore::kFrameRoom;
  size_t length = 0;
  // Status records stay raw, so that a program that reopens the file can read them without a
  // decompressor.
  if (raw_length >= kWorthCompressing && type != RecordType::kStatus) {
    ZSTD_CCtx* context = ZSTD_initStaticCCtx(zstd_workspace_, sizeof(zstd_workspace_));
    if (context != nullptr)
      length = ZSTD_compressCCtx(context, payload, raw_length, raw_.data(), raw_length, kZstdLevel);
    if (ZSTD_isError(length)) length = 0;
  }
  const Codec codec = length != 0 && length < raw_length ? Codec::kZstd : Codec::kRaw;
  if (codec == Codec::kRaw) {
    length = raw_length;
    memcpy(payload, raw_.data(), raw_length);
  }
  raw_.Clear();
  if (overflow) return Stored::kNoRoom;

  RecordHeader record{};
  record.length = static_cast<uint32_t>(length);
  record.type = type;
  record.codec = codec;
  record.chunk = chunk;
  record.chunk_count = chunk_count;
  record.epoch = epoch;
  record.raw_length = static_cast<uint32_t>(raw_length);
  return store->Append(kind, level, record, payload);
}

}  // namespace leaktrack::capture
