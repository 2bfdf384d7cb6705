// SPDX-License-Identifier: Apache-2.0
//
// Counts the processes of a run: the files that libtrack/capture/tree_counts.h names.
//
// Promises: they are this user's own and new, or they are not there and nothing is counted. What a
// killed `run` of this user has left is removed.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMMANDS_TREE_COUNTS_H_
#define LEAKTRACK_TOOLS_COMMANDS_TREE_COUNTS_H_

#include <cstdint>
#include <string>

#include "libtrack/capture/tree_counts.h"

namespace leaktrack {

class TreeCounts {
 public:
  TreeCounts();
  ~TreeCounts();
  TreeCounts(const TreeCounts&) = delete;
  TreeCounts& operator=(const TreeCounts&) = delete;

  // 0 also if nothing was counted.
  uint64_t Read(capture::TreeCount count) const;

  // For LEAKTRACK_RUN. Always of the same length, because programs copy their environment.
  static std::string RunNumber();

 private:
  bool created_ = true;
};

// Says which processes left no capture, if any.
void TellOfTree(const TreeCounts& counts);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_TREE_COUNTS_H_
