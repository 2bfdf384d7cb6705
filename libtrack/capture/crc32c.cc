// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/crc32c.h"

#include <cstring>

namespace leaktrack::capture {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;

struct Tables {
  uint32_t word[8][256];
};

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables.word[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (int k = 1; k < 8; ++k) {
      const uint32_t before = tables.word[k - 1][i];
      tables.word[k][i] = (before >> 8) ^ tables.word[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

uint32_t Eight(uint32_t crc, const uint8_t* at) {
  uint32_t low, high;
  memcpy(&low, at, 4);
  memcpy(&high, at + 4, 4);
  low ^= crc;
  const auto& t = kTables.word;
  return t[7][low & 0xff] ^ t[6][(low >> 8) & 0xff] ^ t[5][(low >> 16) & 0xff] ^
         t[4][low >> 24] ^  //
         t[3][high & 0xff] ^ t[2][(high >> 8) & 0xff] ^ t[1][(high >> 16) & 0xff] ^
         t[0][high >> 24];
}

}  // namespace

uint32_t Crc32c(const void* data, size_t bytes, uint32_t seed) {
  const auto* at = static_cast<const uint8_t*>(data);
  uint32_t crc = ~seed;
  for (; bytes >= 8; bytes -= 8, at += 8) crc = Eight(crc, at);
  for (; bytes > 0; --bytes, ++at) crc = (crc >> 8) ^ kTables.word[0][(crc ^ *at) & 0xff];
  return ~crc;
}

}  // namespace leaktrack::capture
