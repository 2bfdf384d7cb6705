// SPDX-License-Identifier: Apache-2.0
//
// Which pages of a living process may hold something that it wrote.
//
// What: reads /proc/PID/pagemap in pieces. Passed over are pages of private mappings that are
// neither present nor swapped out, and those that still show the page of a file. All others may
// have been written.
// Limits: without pagemap every page counts as written. Pages of shared mappings always do, because
// one that was written back shows as not present.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_PAGE_MAP_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_PAGE_MAP_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "tools/witness/memory/mapping.h"

namespace leaktrack::witness {

class PageMap {
 public:
  explicit PageMap(pid_t pid);
  ~PageMap();
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  // Runs of pages, in their order. `present` says whether reading them makes none present.
  void Written(const Mapping& mapping, Range range,
               absl::FunctionRef<void(Range run, bool present)> visit);

 private:
  int fd_;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_PAGE_MAP_H_
