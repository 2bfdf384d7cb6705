// SPDX-License-Identifier: Apache-2.0
//
// The flight recorders of this host: which there are, and of which runs.
//
// Promises: reads only; what is no recorder of ours is not taken for one.
#ifndef LEAKTRACK_TOOLS_COMMANDS_RECORDERS_H_
#define LEAKTRACK_TOOLS_COMMANDS_RECORDERS_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace leaktrack {

inline constexpr char kRecorderDirectory[] = "/dev/shm";

struct RecorderEntry {
  std::string path;
  std::string capture_path;
  uint32_t pid = 0;
  uint64_t pid_namespace = 0;  // in which pid is its number; 0: not known
  uint64_t run_id = 0, parent_run_id = 0;
  bool folded = false;  // its capture is complete without it
};

// Reads the header as bytes: the file may be cut, foreign or hostile, and its writer alive. False:
// it is no recorder.
bool ReadRecorder(const std::string& path, RecorderEntry* entry);

// The recorders of these runs in `directory` that are ours to read, by path; of all runs, if none
// is named. Anybody may put files there, any number: only those whose name holds one of the run ids
// are opened, and of all runs kMostRecorders.
inline constexpr size_t kMostRecorders = 1000;
std::vector<RecorderEntry> FindRecorders(const std::set<uint64_t>& run_ids,
                                         const std::string& directory = kRecorderDirectory);

// The run id in the name of a capture; 0 if it has none.
uint64_t RunIdOf(const std::string& capture_path);

// Recorders of runs that were to be captured in `directory`, and whose captures are gone: all that
// is left of them. Only those of our own user or of the directory's owner.
std::vector<std::string> OrphansOf(const std::string& directory);

// The recorder that belongs to a capture of this name, by the pid and the run id in it: for a file
// that has no header because the disk was full. Only one of the same owner as the file; empty if
// there is none.
std::string RecorderOf(const std::string& capture_path,
                       const std::string& directory = kRecorderDirectory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_RECORDERS_H_
