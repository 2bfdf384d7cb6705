// SPDX-License-Identifier: Apache-2.0
//
// Finds the records in the bytes of a capture file.
//
// Promises: any bytes are legal. A segment is read up to its first invalid record. Each skipped
// part is described in one line, and reading goes on with the next segment. Records come in the
// order they were written.
// Limits: all records together unpack to at most 64 times the file, so a small file cannot fill the
// memory.
//
// Thread-safety: pure functions.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_RECORD_READER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_RECORD_READER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "libtrack/capture/format.h"

namespace leaktrack::capture {

struct Record {
  RecordType type;
  uint8_t level;
  uint32_t epoch;
  uint64_t offset;                   // in the file
  std::span<const uint8_t> payload;  // unpacked; valid during the call
};

// A list of lines with a maximum length, so that much damage does not fill the memory.
class DamageList {
 public:
  void Add(std::string line);
  bool empty() const { return lines_.empty(); }
  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

struct FileFacts {
  uint32_t segments = 0;  // segments that begin inside the file
  uint32_t valid_segments = 0;
};

// `run_id` 0: take the run id of the first valid segment.
FileFacts ReadRecords(std::span<const uint8_t> file, uint64_t run_id, DamageList* damage,
                      const std::function<bool(const Record&)>& take);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_RECORD_READER_H_
