// SPDX-License-Identifier: Apache-2.0
//
// "1 block", "5,042 blocks". Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_COUNTED_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_COUNTED_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/units.h"

namespace leaktrack {

inline std::string Counted(uint64_t count, std::string_view one, std::string_view many) {
  return FormatCount(count).append(" ").append(count == 1 ? one : many);
}

// A noun whose plural is its own with an s. Estimates are rounded.
inline std::string CountText(double count, std::string_view noun) {
  const auto whole = static_cast<uint64_t>(std::llround(std::max(count, 0.0)));
  return Counted(whole, noun, std::string(noun) + "s");
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_COUNTED_H_
