// SPDX-License-Identifier: Apache-2.0
//
// Reads little-endian numbers from a bounded piece of memory. CFI bytes are read only here.
//
// Promises: it never reads outside [begin, end). After the first read that would do so, every read
// yields 0 and ok() is false. So callers check once, at the end.
//
// Thread-safety: none; it is a value.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_BYTE_CURSOR_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_BYTE_CURSOR_H_

#include <cstdint>

namespace leaktrack::track {

class ByteCursor {
 public:
  ByteCursor() = default;  // nothing to read
  ByteCursor(uintptr_t begin, uintptr_t end) : at_(begin), end_(begin <= end ? end : begin) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return !ok_ || at_ == end_; }
  uintptr_t at() const { return at_; }
  uintptr_t end() const { return end_; }

  template <typename T>
  T Read() {
    T value{};
    if (!Have(sizeof(T))) return value;
    __builtin_memcpy(&value, reinterpret_cast<const void*>(at_), sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  void Skip(uint64_t bytes) {
    if (Have(bytes)) at_ += bytes;
  }

  uint64_t Uleb() {
    uint64_t value = Read<uint8_t>();
    if (value < 0x80) return value;  // nearly always
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
      const uint8_t byte = Read<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) return value;  // also past the end, where Read() gives 0
    }
  }

  int64_t Sleb() {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
      byte = Read<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fU} << shift;
      shift += 7;
    } while ((byte & 0x80) != 0);
    if (shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
    return static_cast<int64_t>(value);
  }

 private:
  bool Have(uint64_t bytes) {
    if (ok_ && end_ - at_ >= bytes) return true;
    ok_ = false;
    return false;
  }

  uintptr_t at_ = 0;
  uintptr_t end_ = 0;
  bool ok_ = true;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_BYTE_CURSOR_H_
