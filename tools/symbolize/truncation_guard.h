// SPDX-License-Identifier: Apache-2.0
//
// For the files that a library maps and we cannot read for it: libdw opens the .dwo files of split
// debug information by itself.
//
// What: as long as it lives, a page of a mapping whose file became shorter reads as zeros instead
// of ending the program by SIGBUS. Limits: says that it happened, not where; a file that is
// rewritten at the same length is not noticed.
//
// Thread-safety: one at a time in a process; any thread may meet the page.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_TRUNCATION_GUARD_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_TRUNCATION_GUARD_H_

#include <signal.h>

namespace leaktrack {

class TruncationGuard {
 public:
  TruncationGuard();
  ~TruncationGuard();
  TruncationGuard(const TruncationGuard&) = delete;
  TruncationGuard& operator=(const TruncationGuard&) = delete;

  // A page was gone.
  bool torn() const;

 private:
  struct sigaction before_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_TRUNCATION_GUARD_H_
