// SPDX-License-Identifier: Apache-2.0
//
// The program: parse, do, and turn what happened into an exit status.
#include <cstdio>
#include <exception>
#include <string>

#include "tools/base/safe_text.h"
#include "tools/commands/command_line.h"
#include "tools/commands/exit_code.h"

int main(int argc, char** argv) {
  using namespace leaktrack;
  CLI::App app;
  Action action;
  const std::vector<std::string> tail = CutCommand(&argc, argv);
  DescribeCommands(app, tail, &action);
  if (const std::string problem = UnknownCommand(app, argc, argv); !problem.empty()) {
    fprintf(stderr, "leaktrack: %s\n", SafeText(problem).c_str());
    return kExitFailed;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version arrive here too, with code 0.
    const int code = app.exit(error);
    return code == 0 ? 0 : kExitFailed;
  }
  try {
    const absl::StatusOr<int> result = action();
    if (result.ok()) return *result;
    fprintf(stderr, "leaktrack: %s\n", SafeText(std::string(result.status().message())).c_str());
  } catch (const std::exception& error) {
    // Out of memory, or a bug; nothing of ours throws on purpose.
    fprintf(stderr, "leaktrack: %s\n", SafeText(error.what()).c_str());
  }
  return kExitFailed;
}
