// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tools/commands/command_line.h"

int main(int argc, char** argv) {
  return leaktrack::RunCommandLine({argv + std::min(argc, 1), argv + argc});
}
