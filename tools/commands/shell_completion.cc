// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/shell_completion.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace leaktrack {
namespace {

enum class Wanted { kText, kChoice, kFile, kDirectory, kCapture, kProgram };

Wanted WantedBy(const OptionFacts& option) {
  if (!option.choices.empty()) return Wanted::kChoice;
  if (option.value == "FILE") return Wanted::kFile;
  if (option.value == "DIR") return Wanted::kDirectory;
  if (option.value == "TARGET") return Wanted::kProgram;
  // What is left of the positionals names captures: CAPTURE, BASE, NEW.
  return option.names.empty() ? Wanted::kCapture : Wanted::kText;
}

// In single quotes, for any of the three shells.
std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string NamesOf(const CommandFacts& command) {
  std::string names;
  for (const OptionFacts& option : command.options)
    absl::StrAppend(&names, names.empty() ? "" : " ", absl::StrJoin(option.names, " "));
  return names;
}

std::string CommandNames(const CommandTree& tree) {
  return absl::StrJoin(tree.commands, " ",
                       [](std::string* out, const CommandFacts& command) { *out += command.name; });
}

Wanted WantedByPositionals(const CommandFacts& command) {
  return command.positionals.empty() ? Wanted::kText : WantedBy(command.positionals.front());
}

const char* BashAction(Wanted wanted) {
  switch (wanted) {
    case Wanted::kFile:
      return "_leaktrack_paths -f";
    case Wanted::kDirectory:
      return "_leaktrack_paths -d";
    case Wanted::kCapture:
      return "_leaktrack_captures";
    case Wanted::kProgram:
      return "_leaktrack_paths -c";
    case Wanted::kText:
    case Wanted::kChoice:
      break;
  }
  return ":";
}

constexpr char kBashHead[] =
    R"(# bash completion for leaktrack. Made from the program's own options; do not edit.

_leaktrack_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

_leaktrack_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_leaktrack_captures() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.ltk' -- "$cur")
}

# What follows "--" is another program's business.
_leaktrack_command() {
  local first=$1
  if declare -F _command_offset >/dev/null; then
    _command_offset "$first"
  elif [ "$COMP_CWORD" -eq "$first" ]; then
    _leaktrack_paths -c
  else
    _leaktrack_paths -f
  fi
}

_leaktrack() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} i
  COMPREPLY=()
  # "--format=js" comes as three words.
  if [ "$cur" = "=" ]; then
    cur=""
  elif [ "$prev" = "=" ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)";

std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshAction(const OptionFacts& option) {
  switch (WantedBy(option)) {
    case Wanted::kChoice:
      return absl::StrCat("(", absl::StrJoin(option.choices, " "), ")");
    case Wanted::kFile:
      return "_files";
    case Wanted::kDirectory:
      return "_files -/";
    case Wanted::kCapture:
      return "_files -g \"*.ltk(-.)\"";  // directories come along
    case Wanted::kProgram:
      return "_alternative \"processes:process:_pids\" \"commands:command:_command_names -e\" "
             "\"files:file:_files\"";
    case Wanted::kText:
      break;
  }
  return " ";
}

// '(-o --output)'{-o,--output}'[what it does]:FILE:_files'
std::string ZshOption(const OptionFacts& option) {
  const std::string value =
      option.value.empty() ? "" : absl::StrCat(":", ZshText(option.value), ":", ZshAction(option));
  const std::string tail = absl::StrCat("[", ZshText(option.help), "]", value);
  if (option.names.size() == 1) return Quoted(option.names[0] + tail);
  return absl::StrCat("'(", absl::StrJoin(option.names, " "), ")'{",
                      absl::StrJoin(option.names, ","), "}", Quoted(tail));
}

std::string ZshArguments(const CommandFacts& command) {
  std::string text = "_arguments -s -S";
  for (const OptionFacts& option : command.options)
    absl::StrAppend(&text, " \\\n        ", ZshOption(option));
  size_t place = 0;
  for (const OptionFacts& option : command.positionals) {
    const std::string where =
        option.repeats ? "*" : absl::StrCat(++place, option.required ? "" : ":");
    absl::StrAppend(
        &text, " \\\n        ",
        Quoted(absl::StrCat(where, ":", ZshText(option.value), ":", ZshAction(option))));
  }
  return text;
}

std::string FishValue(const OptionFacts& option) {
  switch (WantedBy(option)) {
    case Wanted::kChoice:
      return absl::StrCat(" -x -a ", Quoted(absl::StrJoin(option.choices, " ")));
    case Wanted::kFile:
      return " -r -F";
    case Wanted::kDirectory:
      return " -x -a '(__fish_complete_directories)'";
    case Wanted::kText:
    case Wanted::kCapture:
    case Wanted::kProgram:
      break;
  }
  return " -x";
}

std::string FishOption(const OptionFacts& option) {
  std::string text;
  for (const std::string& name : option.names) {
    absl::StrAppend(
        &text, absl::StartsWith(name, "--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
  }
  return absl::StrCat(text, option.value.empty() ? "" : FishValue(option), " -d ",
                      Quoted(option.help));
}

}  // namespace

std::string BashCompletion(const CommandTree& tree) {
  std::string text = kBashHead;
  absl::StrAppend(&text, "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    _leaktrack_words \"",
                  CommandNames(tree), " ", NamesOf(tree.program), "\"\n    return\n  fi\n");
  std::vector<std::string> run;
  for (const CommandFacts& command : tree.commands) {
    if (command.runs_command) run.push_back(command.name);
  }
  absl::StrAppend(&text, "  case $command in ", absl::StrJoin(run, " | "),
                  ")\n    for ((i = 2; i < COMP_CWORD; ++i)); do\n"
                  "      if [ \"${COMP_WORDS[i]}\" = -- ]; then\n        _leaktrack_command $((i + "
                  "1))\n        return\n      fi\n"
                  "    done\n  esac\n  case \"$command $prev\" in\n");
  for (const CommandFacts& command : tree.commands) {
    for (const OptionFacts& option : command.options) {
      if (option.value.empty()) continue;
      const std::string action =
          option.choices.empty()
              ? BashAction(WantedBy(option))
              : absl::StrCat("_leaktrack_words \"", absl::StrJoin(option.choices, " "), "\"");
      const auto pattern = [&](std::string* out, const std::string& name) {
        absl::StrAppend(out, "'", command.name, " ", name, "'");
      };
      absl::StrAppend(&text, "    ", absl::StrJoin(option.names, " | ", pattern), ") ", action,
                      "; return ;;\n");
    }
  }
  absl::StrAppend(&text, "  esac\n  case $command in\n");
  for (const CommandFacts& command : tree.commands) {
    absl::StrAppend(&text, "    ", command.name, ") case $cur in -*) _leaktrack_words \"",
                    NamesOf(command), command.runs_command ? " --" : "", "\" ;; *) ",
                    BashAction(WantedByPositionals(command)), " ;; esac ;;\n");
  }
  return text + "  esac\n}\n\ncomplete -F _leaktrack leaktrack\n";
}

std::string ZshCompletion(const CommandTree& tree) {
  std::string text =
      "#compdef leaktrack\n# Made from the program's own options; do not edit.\n\n_leaktrack() {\n"
      "  local curcontext=$curcontext state line\n  local -a commands\n  commands=(\n";
  for (const CommandFacts& command : tree.commands) {
    absl::StrAppend(&text, "    ", Quoted(absl::StrCat(command.name, ":", command.summary)), "\n");
  }
  absl::StrAppend(&text, "  )\n  _arguments -C");
  for (const OptionFacts& option : tree.program.options)
    absl::StrAppend(&text, " \\\n    ", ZshOption(option));
  absl::StrAppend(
      &text,
      " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n"
      "    command) _describe command commands ;;\n    argument)\n      case $words[1] in\n");
  for (const CommandFacts& command : tree.commands) {
    absl::StrAppend(&text, "      ", command.name, ")\n");
    if (command.runs_command) {
      absl::StrAppend(&text,
                      "        local -i end=${words[(i)--]}\n        if ((end < CURRENT)); then\n"
                      "          words=(\"${(@)words[end + 1, -1]}\")\n          ((CURRENT -= "
                      "end))\n          _normal\n          return\n        fi\n");
    }
    absl::StrAppend(&text, "        ", ZshArguments(command), " ;;\n");
  }
  return text +
         "      esac ;;\n  esac\n}\n\nif [ \"$funcstack[1]\" = _leaktrack ]; then\n  _leaktrack "
         "\"$@\"\nelse\n  compdef _leaktrack leaktrack\nfi\n";
}

std::string FishCompletion(const CommandTree& tree) {
  std::string text =
      "# fish completion for leaktrack. Made from the program's own options; do not edit.\n"
      "complete -c leaktrack -n __fish_use_subcommand -f\n";
  for (const OptionFacts& option : tree.program.options) {
    absl::StrAppend(&text, "complete -c leaktrack -n __fish_use_subcommand", FishOption(option),
                    "\n");
  }
  for (const CommandFacts& command : tree.commands) {
    absl::StrAppend(&text, "complete -c leaktrack -n __fish_use_subcommand -a ", command.name,
                    " -d ", Quoted(command.summary), "\n");
    const std::string head =
        absl::StrCat("complete -c leaktrack -n '__fish_seen_subcommand_from ", command.name, "'");
    for (const OptionFacts& option : command.options)
      absl::StrAppend(&text, head, FishOption(option), "\n");
    switch (WantedByPositionals(command)) {
      case Wanted::kCapture:
        absl::StrAppend(&text, head, " -k -a '(__fish_complete_suffix .ltk)'\n");
        break;
      case Wanted::kProgram:
        absl::StrAppend(&text, head, " -a '(__fish_complete_pids) (__fish_complete_command)'\n");
        break;
      case Wanted::kText:
      case Wanted::kChoice:
      case Wanted::kFile:
      case Wanted::kDirectory:
        break;
    }
  }
  return text;
}

}  // namespace leaktrack
