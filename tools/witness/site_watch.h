// SPDX-License-Identifier: Apache-2.0
//
// Looks again and again at one tracked process that runs, and says of each site whether its blocks
// are lost or held.
//
// Promises: nobody is stopped, and nothing is made present (process_memory.h). From the second look
// on a block may be called lost: two looks that agree (judge.h).
// Limits: as judge.h; between two looks 12 bytes a block are kept.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_SITE_WATCH_H_
#define LEAKTRACK_TOOLS_WITNESS_SITE_WATCH_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"
#include "tools/witness/reading.h"
#include "tools/witness/site_memory.h"

namespace leaktrack::witness {

class SiteWatch {
 public:
  SiteWatch(pid_t pid, uint64_t run_id, SymbolizerOptions symbols);

  absl::StatusOr<RunMemory> Look();

 private:
  const pid_t pid_;
  const uint64_t run_id_;
  const SymbolizerOptions symbols_;
  Classes classes_;
  std::optional<Earlier> earlier_;
  int looks_ = 0;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_SITE_WATCH_H_
