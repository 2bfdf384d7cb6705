// SPDX-License-Identifier: Apache-2.0
//
// A text that tools append to a finished capture, so that it travels with the capture: names and
// lines (tools/symbolize/seal.h).
//
//  ... the capture ...   zstd frame   SealTrailer (32 bytes, at the very end of the file)
//
// Promises: no byte of the capture itself changes. An invalid seal is no seal: the capture is then
// read as if there were none. Any bytes are legal, and at most kMostSealBytes are unpacked.
//
// Thread-safety: pure functions. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_SEAL_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_SEAL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrack::capture {

inline constexpr uint64_t kSealMagic = 0x314c4145534b544cULL;  // "LTKSEAL1"
inline constexpr size_t kMostSealBytes = size_t{256} << 20;    // unpacked
inline constexpr size_t kMostPackedSealBytes = size_t{64} << 20;

struct SealTrailer {
  uint64_t packed_bytes;
  uint64_t plain_bytes;
  uint32_t packed_crc;  // CRC32C of the zstd frame
  uint32_t crc;         // CRC32C of the fields before
  uint64_t magic;       // last, so that a truncated file has none
};
static_assert(sizeof(SealTrailer) == 32);

// Returns the packed text with its trailer. Empty if the text is larger than a seal may be.
std::vector<uint8_t> PackSeal(std::string_view text);

struct SealedFile {
  std::span<const uint8_t> capture;  // without the seal
  std::string text;                  // of the seal; empty: there is no seal
  std::string problem;               // one line: why an apparent seal could not be read
};

SealedFile SplitSeal(std::span<const uint8_t> file);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_SEAL_H_
