// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/sampler.h"

#include <bit>

#include "libtrack/capture/dcheck.h"
#include "libtrack/record/numeric.h"

namespace leaktrack::track {

uint64_t SplitMix64(uint64_t x) {
  x += 0x9e37'79b9'7f4a'7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebULL;
  return x ^ (x >> 31);
}

void Sampler::Seed(uint64_t seed) {
  for (uint64_t& word : words_) {
    seed += 0x9e37'79b9'7f4a'7c15ULL;
    word = SplitMix64(seed);
  }
}

uint64_t Sampler::Random() {
  uint64_t* const s = words_;
  LEAKTRACK_DCHECK((s[0] | s[1] | s[2] | s[3]) != 0);
  const uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

double Sampler::RandomUnit() { return static_cast<double>((Random() >> 11) + 1) * 0x1p-53; }

uint64_t Sampler::Draw(uint64_t interval, uint8_t index) {
  LEAKTRACK_DCHECK(interval != 0);
  interval_index_ = index;
  return static_cast<uint64_t>(-Ln(RandomUnit()) * static_cast<double>(interval)) + 1;
}

}  // namespace leaktrack::track
