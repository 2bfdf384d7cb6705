// SPDX-License-Identifier: Apache-2.0
//
// What a sealed capture consists of: the names that this machine knows, and what was recorded.
//
// Promises: reads only. What was recorded is not changed by a byte; the end of a run is added to a
// copy where it still lies in the flight recorder. Recorder and file are of one moment, also while
// the process goes on.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SEALED_COPY_H_
#define LEAKTRACK_TOOLS_COMMANDS_SEALED_COPY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libtrack/capture/capture.h"
#include "tools/symbolize/seal.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// Each frame of the capture once.
std::vector<capture::Frame> FramesOf(const capture::Capture& capture);

// The names that are known here, and from an older seal those that are not.
Seal MakeSeal(const capture::Capture& capture, const std::vector<capture::Frame>& frames,
              const SymbolizerOptions& symbols, bool with_source);

// What the file holds, without an older seal.
absl::StatusOr<std::string> ReadRecorded(const std::string& path);

// The same with the end of the run, as the recorder has it now.
absl::StatusOr<std::string> ReadWithEnd(const std::string& path, bool running);

// Whether the recorder of this capture can be read, and belongs to the owner of the capture: a copy
// will be readable for that owner.
bool RecorderMayGoInto(const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SEALED_COPY_H_
