// SPDX-License-Identifier: Apache-2.0
//
// Where captures and flight recorders lie, and what state they are in.
//
// What: lists the captures of a directory and the recorders of this host; opens a capture in its
// final form. Why one place: whoever reads a capture of a dead process must fold its recorder
// first, or loses the last moments.
// Promises: recorders of living processes are left alone; files that are no recorders of ours are
// not touched.
#ifndef LEAKTRACK_TOOLS_COMMANDS_CAPTURES_H_
#define LEAKTRACK_TOOLS_COMMANDS_CAPTURES_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libtrack/capture/capture.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack {

inline constexpr char kRecorderDirectory[] = "/dev/shm";
inline constexpr char kCaptureSuffix[] = ".ltk";

struct RecorderEntry {
  std::string path;
  std::string capture_path;
  uint32_t pid = 0;
  uint64_t pid_namespace = 0;  // in which pid is its number; 0: not known
  uint64_t run_id = 0, parent_run_id = 0;
  bool folded = false;  // its capture is complete without it
};

// The recorders of these runs in `directory` that are ours to read, by path; of all runs, if none
// is named. Anybody may put files there, any number: only those whose name holds one of the run ids
// are opened, and of all runs kMostRecorders.
inline constexpr size_t kMostRecorders = 1000;
std::vector<RecorderEntry> FindRecorders(const std::set<uint64_t>& run_ids,
                                         const std::string& directory = kRecorderDirectory);

// Of a capture's name; 0 if it has none.
uint64_t RunIdOf(const std::string& capture_path);

// Recorders of runs that were to be captured in `directory`, and whose captures are gone: all that
// is left of them. Only those of our own user or of the directory's owner.
std::vector<std::string> OrphansOf(const std::string& directory);

// Paths of the captures in a directory, sorted; without the sealed copies of captures that lie
// beside them (SealedBeside).
absl::StatusOr<std::vector<std::string>> ListCaptures(const std::string& directory);

// The captures that `path` stands for: itself, or those in it if it is a directory, and the
// recorders of those that were removed from it.
absl::StatusOr<std::vector<std::string>> CapturesAt(const std::string& path);

// The captures in a directory and all below it, sorted, so that they always come in the same order.
// Links to directories are not followed: they may form a ring. `problem` gets a line where a part
// could not be looked through.
std::vector<std::string> CapturesBelow(const std::string& directory, std::string* problem);

// Where `seal` puts the copy of a capture that is still written: "x.ltk" -> "x.sealed.ltk".
std::string SealedBeside(const std::string& capture_path);

// Those of all places, in the order named; what is named twice, or by two names, once.
absl::StatusOr<std::vector<std::string>> CapturesAtAll(const std::vector<std::string>& places);

// The recorder that belongs to a capture of this name, by the pid and the run id in it: for a file
// that has no header because the disk was full. Only one of the same owner as the file; empty if
// there is none.
std::string RecorderOf(const std::string& capture_path,
                       const std::string& directory = kRecorderDirectory);

// Decodes; folds the recorder of a dead process first, so that the file alone is complete from then
// on. Where the file cannot be written, is a copy of one that is there still, or has not even a
// header, the recorder is read all the same, and `fold_problem` says why.
absl::StatusOr<capture::Capture> OpenCapture(const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_CAPTURES_H_
