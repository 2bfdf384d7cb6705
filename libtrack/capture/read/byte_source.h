// SPDX-License-Identifier: Apache-2.0
//
// Reads varints and bytes from an untrusted payload. Past the end it yields zeros, and overrun()
// says that this happened.
//
// Thread-safety: none.
// Allocates: String() only.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_BYTE_SOURCE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_BYTE_SOURCE_H_

#include <cstdint>
#include <span>
#include <string>

namespace leaktrack::capture {

class ByteSource {
 public:
  explicit ByteSource(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint8_t Byte() {
    if (at_ < bytes_.size()) return bytes_[at_++];
    overrun_ = true;
    return 0;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    overrun_ = true;  // longer than any number
    return value;
  }
  int64_t Signed() {
    const uint64_t value = Varint();
    return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
  }
  std::string String() {
    const uint64_t size = Varint();
    if (size > left()) {
      overrun_ = true;
      return {};
    }
    std::string text(reinterpret_cast<const char*>(bytes_.data() + at_), size);
    at_ += size;
    return text;
  }
  // Reads a count of items that take at least a byte each. 0 if the rest cannot hold so many.
  uint32_t Count() {
    const uint64_t count = Varint();
    if (count <= left()) return static_cast<uint32_t>(count);
    overrun_ = true;
    return 0;
  }
  size_t left() const { return bytes_.size() - at_; }
  bool overrun() const { return overrun_; }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool overrun_ = false;
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_BYTE_SOURCE_H_
