// SPDX-License-Identifier: Apache-2.0
//
// What the reader of a report may set.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_OPTIONS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_OPTIONS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leaktrack::witness {
struct RunMemory;
}

namespace leaktrack {

class PlateauBook;

// Why a program is looked at; see detect/leak_probability.h.
enum class Prior : uint8_t { kWatched, kTest };

// From where on a process is WARNING, CRITICAL and OOM IMMINENT: share of the limit that is used,
// or time until it is reached, whichever is worse.
struct StatusLevels {
  std::array<double, 3> use = {.75, .90, .97};
  std::array<double, 3> seconds = {24 * 3600, 3600, 600};
};

struct AnalyzeOptions {
  std::optional<int64_t> limit_bytes;  // instead of the limit that the capture tells
  StatusLevels levels;
  double growth_horizon_seconds =
      7 * 86400.0;  // growth that would fill the limit within this matters
  std::vector<std::string>
      wrappers;  // patterns of functions that are never to blame, beside the built-in ones
  double skipped_ms =
      0;  // so much of the run came before the capture that is judged; see last_part.h
  Prior prior = Prior::kWatched;
  const PlateauBook* plateaus = nullptr;       // what earlier runs taught; not owned
  const witness::RunMemory* memory = nullptr;  // what was seen in its memory; not owned
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_OPTIONS_H_
