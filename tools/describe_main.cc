// SPDX-License-Identifier: Apache-2.0
//
// Writes man pages and shell completions while leaktrack is built, from the options that it parses.
//   leaktrack_describe DIRECTORY DATE    the layout under DIRECTORY is that of share/
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "tools/commands/command_line.h"
#include "tools/commands/man_page.h"
#include "tools/commands/shell_completion.h"

namespace {

namespace fs = std::filesystem;

bool Write(const fs::path& path, const std::string& text) {
  std::error_code error;  // what fails here, the file will tell
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) fprintf(stderr, "leaktrack_describe: cannot write %s\n", path.c_str());
  return static_cast<bool>(file);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace leaktrack;
  if (argc != 3) {
    fprintf(stderr, "usage: leaktrack_describe DIRECTORY DATE\n");
    return 2;
  }
  const CommandLine line;
  const CommandTree tree = ReadCommandTree(line.app());
  const Edition edition{argv[2], "leaktrack " LEAKTRACK_VERSION};
  const fs::path share = argv[1];
  std::error_code error;
  fs::remove_all(share / "man", error);  // the page of a command that is gone
  bool good = Write(share / "man/man1/leaktrack.1", ProgramPage(tree, edition));
  for (const CommandFacts& command : tree.commands) {
    good &= Write(share / "man/man1" / ("leaktrack-" + command.name + ".1"),
                  CommandPage(tree, command, edition));
  }
  good &= Write(share / "bash-completion/completions/leaktrack", BashCompletion(tree));
  good &= Write(share / "zsh/site-functions/_leaktrack", ZshCompletion(tree));
  good &= Write(share / "fish/vendor_completions.d/leaktrack.fish", FishCompletion(tree));
  return good ? 0 : 1;
}
