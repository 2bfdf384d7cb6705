// SPDX-License-Identifier: Apache-2.0
//
// The command line as plain data, read off the very CLI11 tree that parses it.
//
// Why: man pages and completions made of anything else would one day tell of options that are not
// there. Promises: every command and option that --help shows, in its order; hidden ones are left
// out, as there.
#ifndef LEAKTRACK_TOOLS_COMMANDS_COMMAND_TREE_H_
#define LEAKTRACK_TOOLS_COMMANDS_COMMAND_TREE_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace leaktrack {

struct OptionFacts {
  std::vector<std::string> names;    // "-o", "--output"; empty for a positional
  std::string value;                 // "FILE", or the name of a positional; empty for a flag
  std::vector<std::string> choices;  // all values that there are; empty: any
  std::string help;
  bool required = false;
  bool repeats = false;  // a positional that may stand several times
};

struct CommandFacts {
  std::string name;     // "report"; of the program itself "leaktrack"
  std::string summary;  // as in --help
  std::string footer;   // examples and exit status
  std::vector<OptionFacts> options, positionals;
  bool runs_command = false;  // takes "-- COMMAND"
};

struct CommandTree {
  CommandFacts program;
  std::vector<CommandFacts> commands;
};

CommandTree ReadCommandTree(const CLI::App& app);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_COMMAND_TREE_H_
