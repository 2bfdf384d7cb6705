// SPDX-License-Identifier: Apache-2.0
//
// A capture file in memory that can fail, fill up, or die in the middle of a write, on request.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_SUPPORT_MEMORY_FILE_H_
#define LEAKTRACK_TESTS_SUPPORT_MEMORY_FILE_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "libtrack/capture/write/segment_store.h"

namespace leaktrack::testing {

class MemoryFile {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  capture::FileOps ops() { return {this, &Pwrite, &Pread}; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  uint64_t writes() const { return writes_; }

  // From the n-th write on (0: the next one), `count` writes are refused. The first of them still
  // writes `torn` bytes.
  void FailFrom(uint64_t n, uint64_t count, size_t torn = 0) {
    fail_from_ = writes_ + n;
    fail_until_ = count == kNever ? kNever : fail_from_ + count;
    torn_ = torn;
  }

 private:
  static bool Pwrite(void* context, const void* data, size_t bytes, uint64_t offset) {
    return static_cast<MemoryFile*>(context)->Put(data, bytes, offset);
  }
  static int64_t Pread(void* context, void* data, size_t bytes, uint64_t offset) {
    const auto& all = static_cast<MemoryFile*>(context)->bytes_;
    if (offset >= all.size()) return 0;
    const size_t got = std::min<size_t>(bytes, all.size() - offset);
    memcpy(data, all.data() + offset, got);
    return static_cast<int64_t>(got);
  }
  bool Put(const void* data, size_t bytes, uint64_t offset) {
    const uint64_t number = writes_++;
    const bool fails = number >= fail_from_ && number < fail_until_;
    if (fails) bytes = number == fail_from_ ? std::min(bytes, torn_) : 0;
    if (bytes > 0 && bytes_.size() < offset + bytes) bytes_.resize(offset + bytes);
    if (bytes > 0) memcpy(bytes_.data() + offset, data, bytes);
    return !fails;
  }

  std::vector<uint8_t> bytes_;
  uint64_t writes_ = 0;
  uint64_t fail_from_ = kNever, fail_until_ = kNever;
  size_t torn_ = 0;
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_SUPPORT_MEMORY_FILE_H_
