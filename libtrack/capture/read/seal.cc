// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/seal.h"

#include <zstd.h>

#include <cstring>

#include "libtrack/capture/crc32c.h"

namespace leaktrack::capture {
namespace {

constexpr int kLevel = 9;              // made once, carried about
constexpr uint64_t kMostRatio = 1000;  // names pack by 10 to 50: who claims more wants our memory

bool Fits(const SealTrailer& trailer, size_t file_bytes) {
  return trailer.packed_bytes <= file_bytes - sizeof(trailer) &&
         trailer.packed_bytes <= kMostPackedSealBytes && trailer.plain_bytes <= kMostSealBytes &&
         trailer.plain_bytes / kMostRatio <= trailer.packed_bytes;
}

}  // namespace

std::vector<uint8_t> PackSeal(std::string_view text) {
  std::vector<uint8_t> bytes(ZSTD_compressBound(text.size()));
  const size_t packed = ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(packed) || packed > kMostPackedSealBytes || text.size() > kMostSealBytes)
    return {};
  SealTrailer trailer{packed, text.size(), Crc32c(bytes.data(), packed), 0, kSealMagic};
  trailer.crc = Crc32c(&trailer, offsetof(SealTrailer, crc));
  bytes.resize(packed + sizeof(trailer));
  memcpy(bytes.data() + packed, &trailer, sizeof(trailer));
  return bytes;
}

SealedFile SplitSeal(std::span<const uint8_t> file) {
  SealedFile split{file, "", ""};
  SealTrailer trailer;
  if (file.size() < sizeof(trailer)) return split;
  memcpy(&trailer, file.data() + file.size() - sizeof(trailer), sizeof(trailer));
  if (trailer.magic != kSealMagic) return split;
  if (trailer.crc != Crc32c(&trailer, offsetof(SealTrailer, crc)) || !Fits(trailer, file.size())) {
    split.problem =
        "the checksum of the seal's trailer is wrong: its names are not used; seal the capture "
        "again";
    return split;
  }
  const size_t start = file.size() - sizeof(trailer) - trailer.packed_bytes;
  const uint8_t* packed = file.data() + start;
  split.capture = file.first(start);
  std::string text(trailer.plain_bytes, '\0');
  const bool intact =
      Crc32c(packed, trailer.packed_bytes) == trailer.packed_crc &&
      ZSTD_decompress(text.data(), text.size(), packed, trailer.packed_bytes) == text.size();
  if (intact) {
    split.text = std::move(text);
  } else {
    split.problem =
        "the checksum of the seal is wrong: its names are not used; seal the capture again";
  }
  return split;
}

}  // namespace leaktrack::capture
