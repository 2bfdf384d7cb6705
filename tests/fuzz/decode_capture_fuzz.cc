// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the decoder. The input is a capture file. If it begins with the recorder's magic, it is a
// recorder image.
//
// Checksums would reject every mutation, so they are repaired first: header page, segments and
// records.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/format.h"
#include "libtrack/capture/read/capture_bytes.h"

namespace {

using namespace leaktrack::capture;  // NOLINT

void RepairSegment(uint8_t* segment, size_t bytes) {
  SegmentHeader header;
  if (bytes < sizeof(header)) return;
  memcpy(&header, segment, sizeof(header));
  header.crc = Crc32c(&header, offsetof(SegmentHeader, crc));
  memcpy(segment, &header, sizeof(header));
  for (size_t at = sizeof(header); at + sizeof(RecordHeader) <= bytes;) {
    RecordHeader record;
    memcpy(&record, segment + at, sizeof(record));
    if (record.length > bytes - at - sizeof(record)) return;
    record.sequence = header.sequence;
    record.crc = Crc32c(segment + at + sizeof(record), record.length,
                        Crc32c(&record.length, sizeof(record) - sizeof(record.crc)));
    memcpy(segment + at, &record, sizeof(record));
    at += sizeof(record) + record.length;
  }
}

void Repair(std::vector<uint8_t>* file) {
  if (file->size() < kHeaderBytes) return;
  FileHeader header;
  memcpy(&header, file->data(), sizeof(header));
  header.crc = Crc32c(&header, offsetof(FileHeader, crc));
  memcpy(file->data(), &header, sizeof(header));
  for (size_t at = kHeaderBytes; at < file->size(); at += kSegmentBytes) {
    RepairSegment(file->data() + at, std::min<size_t>(kSegmentBytes, file->size() - at));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> file(data, data + size);
  std::string why;
  RecorderImage image;
  if (image.LoadBytes(data, size, &why)) {
    DecodeRecorderImage("fuzz", image);
    return 0;
  }
  DecodeCaptureBytes("fuzz", file, nullptr);
  Repair(&file);
  DecodeCaptureBytes("fuzz", file, nullptr);
  return 0;
}
