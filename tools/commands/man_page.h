// SPDX-License-Identifier: Apache-2.0
//
// Manual pages in man(7), one for the program and one for each command, from the command tree.
//
// Promises: what --help says and no more; man and mandoc read it without a warning; the same tree,
// version and date give the same bytes.
#ifndef LEAKTRACK_TOOLS_COMMANDS_MAN_PAGE_H_
#define LEAKTRACK_TOOLS_COMMANDS_MAN_PAGE_H_

#include <string>

#include "tools/commands/command_tree.h"

namespace leaktrack {

struct Edition {
  std::string date;     // "2024-05-01"
  std::string version;  // "leaktrack 1.2.3"
};

// "leaktrack.1"
std::string ProgramPage(const CommandTree& tree, const Edition& edition);

// "leaktrack-report.1"
std::string CommandPage(const CommandTree& tree, const CommandFacts& command,
                        const Edition& edition);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_MAN_PAGE_H_
