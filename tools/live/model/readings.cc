// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/readings.h"

#include <algorithm>
#include <cstdint>

namespace leaktrack::live {

int64_t ProcessReading::Held() const {
  if (anonymous < 0) return resident;
  return anonymous + std::max<int64_t>(shared, 0) + std::max<int64_t>(swap, 0);
}

int64_t CgroupReading::Held() const {
  if (current < 0) return kUnknown;
  return std::max<int64_t>(current - std::max<int64_t>(cache, 0), 0);
}

}  // namespace leaktrack::live
