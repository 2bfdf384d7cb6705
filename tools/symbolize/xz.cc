// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/xz.h"

#include <lzma.h>

#include <cstdint>

namespace leaktrack {
namespace {

constexpr uint64_t kMostMemory = 64 << 20;
constexpr size_t kMostBytes = 64 << 20;
constexpr size_t kStep = 256 << 10;

}  // namespace

std::string UnpackXz(std::string_view packed) {
  std::string text;
  lzma_stream stream = LZMA_STREAM_INIT;
  if (packed.empty() || lzma_stream_decoder(&stream, kMostMemory, 0) != LZMA_OK) return text;
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && text.size() < kMostBytes) {
    const size_t before = text.size();
    text.resize(before + kStep);
    stream.next_out = reinterpret_cast<uint8_t*>(text.data() + before);
    stream.avail_out = kStep;
    result = lzma_code(&stream, LZMA_FINISH);
    text.resize(text.size() - stream.avail_out);
  }
  lzma_end(&stream);
  return text;
}

}  // namespace leaktrack
