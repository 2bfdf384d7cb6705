// SPDX-License-Identifier: Apache-2.0
//
// Age bands: four per octave of milliseconds, in linear steps inside the octave.
//
// A death is counted in the band of its age. So hazards can be computed for any cut without keeping
// the deaths. The relative width of a band is at most 25 %. Bands above kBandLast cannot occur:
// 2^49 ms is 17,000 years.
//  band 1: younger than 1 ms;  band 2: 1 ms;  bands 6 and 8: 2 and 3 ms;
//  bands 10, 11, 12, 13: 4, 5, 6, 7 ms;  band 14: 8 and 9 ms; ...
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_AGE_BAND_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_AGE_BAND_H_

#include <bit>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

constexpr uint8_t AgeBand(uint64_t age_ms) {
  if (age_ms == 0) return kBandYoungest;
  const unsigned octave = 63u - static_cast<unsigned>(std::countl_zero(age_ms));
  const uint64_t quarter =
      octave >= 2 ? (age_ms >> (octave - 2)) & 3 : (age_ms << (2 - octave)) & 3;
  const uint64_t band = kBandFirstOctave + 4 * octave + quarter;
  return band > kBandLast ? kBandLast : static_cast<uint8_t>(band);
}

// The youngest age of a band, in ms. The band ends where the next used band begins.
constexpr uint64_t BandStartMs(uint8_t band) {
  if (band <= kBandYoungest) return 0;
  const unsigned octave = (band - kBandFirstOctave) / 4u;
  const uint64_t quarter = (band - kBandFirstOctave) % 4u;
  return octave >= 2 ? (4 + quarter) << (octave - 2) : (4 + quarter) >> (2 - octave);
}

static_assert(AgeBand(0) == 1 && AgeBand(1) == 2 && AgeBand(3) == 8 && AgeBand(4) == 10 &&
              AgeBand(9) == 14);
static_assert(BandStartMs(AgeBand(4096)) == 4096 && BandStartMs(AgeBand(7)) == 7 &&
              BandStartMs(AgeBand(2)) == 2);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_AGE_BAND_H_
