// SPDX-License-Identifier: Apache-2.0
//
// Where a command's result goes: a file, or standard output. A result that could not be written
// whole is an error.
//
// Promises: what a command reads is never written over, by whatever name it is given: another path,
// a hard link, a symbolic link, standard output; nor is any other capture, flight recorder or
// program. Two results do not go to one file. What stands in the way is told before the work
// begins, and asked again of the very file that was opened before a byte of it changes. A FIFO that
// nobody reads is an error, not a wait. Limits: what is read for names alone (debug files, sources)
// counts by its first bytes, as a program does.
#ifndef LEAKTRACK_TOOLS_COMMANDS_OUTPUT_H_
#define LEAKTRACK_TOOLS_COMMANDS_OUTPUT_H_

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tools/base/text_sink.h"

namespace leaktrack {

// The files that a command reads.
class Inputs {
 public:
  Inputs() = default;
  explicit Inputs(const std::vector<std::string>& paths) { AddAll(paths); }
  void Add(const std::string& path);  // empty, or not there: nothing that could be written over
  void AddAll(const std::vector<std::string>& paths);

  // The path by which this very file is read; empty: it is not.
  std::string PathOf(const struct stat& file) const;

 private:
  std::map<std::pair<uint64_t, uint64_t>, std::string> files_;  // by device and inode
};

// What a file holds that must not be lost to a result, by its first bytes.
enum class Held : uint8_t { kNothing, kCapture, kRecorder, kProgram };
Held HeldIn(const std::string& path);
// "a capture", "a program or library"; empty for kNothing.
std::string HeldName(Held held);

// A format that no terminal shows needs a file.
absl::Status CheckNotForTerminal(const char* format, const std::string& output);

// May a result go to each of these? Empty: standard output.
absl::Status CheckOutputs(const std::vector<std::string>& outputs, const Inputs& inputs);

// `path` empty: standard output.
absl::Status WriteOutput(const std::string& path, const std::string& text, const Inputs& inputs);

// The same of a text that is written while it is made. After an error the rest is made for nobody.
absl::Status WriteOutput(const std::string& path, absl::FunctionRef<void(TextSink&)> write,
                         const Inputs& inputs);

// Behind what the file holds already.
absl::Status AppendOutput(const std::string& path, const std::string& text, const Inputs& inputs);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_OUTPUT_H_
