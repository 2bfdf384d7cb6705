// SPDX-License-Identifier: Apache-2.0
//
// Mixes the bits of a word so that any of them may be used as a choice (splitmix64's finisher).
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_MIX_BITS_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_MIX_BITS_H_

#include <cstdint>

namespace leaktrack::capture {

constexpr uint64_t MixBits(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d0'49bb'1331'11ebULL;
  return value ^ (value >> 31);
}

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_MIX_BITS_H_
