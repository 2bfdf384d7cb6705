// SPDX-License-Identifier: Apache-2.0
//
// The end of a run: what its processes left is made whole, and the user is told where it is and
// what is missing.
//
// What: folds the recorders of the dead, finds the captures though their directory was moved or
// removed meanwhile, and says which programs ran on untracked. Why here: nobody else sees the end,
// and a run that is told to be captured is not looked at again. Promises: a few lines, however many
// processes there were; a run whose capture was removed is written anew from its flight recorder
// where that is ours; recorders of the living are left alone.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMMANDS_RUN_END_H_
#define LEAKTRACK_TOOLS_COMMANDS_RUN_END_H_

#include <set>
#include <string>

#include "tools/commands/child.h"

namespace leaktrack {

// Where the captures of a run go: held open, so that it is found again under another name.
class CapturePlace {
 public:
  explicit CapturePlace(const std::string& directory);
  ~CapturePlace();
  CapturePlace(const CapturePlace&) = delete;
  CapturePlace& operator=(const CapturePlace&) = delete;

  const std::string& named() const { return named_; }
  // Where it is now: the same, or what it was renamed to; empty: it was removed.
  std::string Now() const;
  // Paths of the captures that have appeared.
  std::set<std::string> NewCaptures() const;

 private:
  std::string named_;
  int fd_;
  std::set<std::string> before_;  // names of files
};

// `tell` false: nothing is said of captures that are as they should be.
void FinishRun(const CapturePlace& place, const ChildEnd& end, bool tell);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_RUN_END_H_
