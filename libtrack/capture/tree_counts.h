// SPDX-License-Identifier: Apache-2.0
//
// The names under which the processes of one `leaktrack run` are counted: a file for each count,
// whose size is the count (libtrack/runtime/tree.h). `run` creates and removes them.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_TREE_COUNTS_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_TREE_COUNTS_H_

#include <cstdint>

namespace leaktrack::capture {

// <prefix><pid of run>.<user>.<name>
inline constexpr char kTreeCountPrefix[] = "/dev/shm/leaktrack-run.";

enum class TreeCount : uint8_t {
  kUnborn,   // processes that ended before a run of theirs was born
  kBorn,     // runs below the first process
  kRefused,  // processes that were not recorded because there were kMostBirths runs
};
inline constexpr TreeCount kTreeCounts[] = {TreeCount::kUnborn, TreeCount::kBorn,
                                            TreeCount::kRefused};
inline constexpr const char* NameOf(TreeCount count) {
  return count == TreeCount::kUnborn ? "unborn" : count == TreeCount::kBorn ? "born" : "refused";
}

// Runs that may be born below the first process of a tree.
inline constexpr uint64_t kMostBirths = 1'000;

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_TREE_COUNTS_H_
