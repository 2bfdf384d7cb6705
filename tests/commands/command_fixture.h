// SPDX-License-Identifier: Apache-2.0
//
// What tests of commands share: the whole program run within the test, captures to run it on, and a
// directory that is all the user has.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_COMMANDS_COMMAND_FIXTURE_H_
#define LEAKTRACK_TESTS_COMMANDS_COMMAND_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/recorder_builder.h"

namespace leaktrack::testing {

struct Outcome {
  int exit = -1;
  std::string out, err;
};

// The program with these arguments, within this process; both its streams are caught.
Outcome RunTool(const std::vector<std::string>& arguments);

std::string Contents(const std::string& path);
void Write(const std::string& path, const std::string& text);

// Whether this source file is here: a test may have been built elsewhere.
bool HasSource(const std::string& file);

// What the recorder of a run holds that kept one block.
void RecordOneBlock(uint64_t run_id, RecorderBuilder& recorder);

// What a made run did. Its blocks are recorded exactly; its program file is this test.
struct MadeRun {
  uint32_t pid = 4242;
  uint64_t run_id = 1;
  uint64_t seconds = 1200;
  uint64_t leaked_bytes =
      1000;  // every five seconds, or rarer in a long run, one such block; 0: nothing leaks
  std::string program = "program";
  bool ends = true;  // false: the capture stops without an end, and its recorder is gone
};

// How a program file begins.
inline constexpr char kProgramBytes[] =
    "\x7f"
    "ELF and so on";

// The functions that a made run has in its stacks, by name.
inline constexpr char kLeakingFunction[] = "LeaksInMadeRuns";
inline constexpr char kChurningFunction[] = "ChurnsInMadeRuns";

class CommandTest : public ::testing::Test {
 protected:
  CommandTest();
  ~CommandTest() override;

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  // Writes the capture of a run into `folder` (below the directory) and returns its path.
  std::string Make(const MadeRun& run, const std::string& folder = ".") const;

  // Writes a file that is no capture, whatever its name, and returns its path.
  std::string MakeNoCapture(const std::string& name) const;

  std::string directory_;  // removed at the end
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_COMMANDS_COMMAND_FIXTURE_H_
