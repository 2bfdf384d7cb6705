// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/man_page.h"

#include <cctype>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tools/report/words/names.h"

namespace leaktrack {
namespace {

constexpr size_t kColumns = 78;
constexpr char kExitStatus[] = "Exit status: ";

// A hyphen is "\-", or it cannot be searched for and pasted; a dot or quote at the start of a line
// would be a request.
std::string Escaped(absl::string_view text) {
  std::string escaped = !text.empty() && (text[0] == '.' || text[0] == '\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else {
      if (c == '-') escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

std::string Bold(absl::string_view text) { return absl::StrCat("\\fB", Escaped(text), "\\fR"); }
std::string Italic(absl::string_view text) { return absl::StrCat("\\fI", Escaped(text), "\\fR"); }

// Filled by the reader; broken here only because sources have lines, too.
std::string Words(absl::string_view text) {
  std::string lines, line;
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    if (!line.empty() && line.size() + 1 + word.size() > kColumns - 8) {
      absl::StrAppend(&lines, Escaped(line), "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  return line.empty() ? lines : absl::StrCat(lines, Escaped(line), "\n");
}

void Section(absl::string_view title, std::string& page) {
  absl::StrAppend(&page, ".SH ", title, "\n");
}

// None where a section has just begun: readers warn of it.
void Paragraph(std::string& page) {
  if (page.compare(page.rfind('\n', page.size() - 2) + 1, 4, ".SH ") != 0) page += ".PP\n";
}

// Text as in a footer: indented lines are examples and keep their form, an empty line ends a
// paragraph.
void Body(absl::string_view text, std::string& page) {
  bool verbatim = false, paragraph = false;
  std::string filled;
  const auto flush = [&] {
    absl::StrAppend(&page, Words(filled));
    filled.clear();
  };
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const bool example = absl::StartsWith(line, "  ");
    if (verbatim != example) {
      flush();
      if (example) Paragraph(page);
      page += example ? ".nf\n" : ".fi\n";
      verbatim = example;
      paragraph = !example;
    }
    if (example) {
      absl::StrAppend(&page, Escaped(absl::StripPrefix(line, "  ")), "\n");
    } else if (line.empty()) {
      flush();
      paragraph = true;
    } else {
      if (paragraph && filled.empty()) Paragraph(page);
      paragraph = false;
      absl::StrAppend(&filled, line, " ");
    }
  }
  flush();
  if (verbatim) absl::StrAppend(&page, ".fi\n");
}

std::string ValueText(const OptionFacts& option) {
  if (option.choices.empty()) return Italic(option.value);
  return absl::StrJoin(option.choices, "|",
                       [](std::string* out, const std::string& choice) { *out += Bold(choice); });
}

void Options(const CommandFacts& command, std::string& page) {
  for (const OptionFacts& option : command.positionals) {
    absl::StrAppend(&page, ".TP\n", Italic(option.value), option.repeats ? "...\n" : "\n",
                    Words(option.help));
  }
  for (const OptionFacts& option : command.options) {
    absl::StrAppend(
        &page, ".TP\n",
        absl::StrJoin(option.names, ", ",
                      [](std::string* out, const std::string& name) { *out += Bold(name); }),
        option.value.empty() ? "" : " ", option.value.empty() ? "" : ValueText(option), "\n",
        Words(option.help));
  }
}

std::string Synopsis(const CommandFacts& command) {
  std::string text =
      absl::StrCat(Bold("leaktrack"), " ", Bold(command.name), " [", Italic("OPTIONS"), "]");
  for (const OptionFacts& option : command.positionals) {
    const std::string name = Italic(option.value) + (option.repeats ? "..." : "");
    absl::StrAppend(&text, option.required ? " " : " [", name, option.required ? "" : "]");
  }
  if (command.runs_command) {
    const bool may = !command.positionals.empty();
    absl::StrAppend(&text, may ? " [" : " ", Bold("--"), " ", Italic("COMMAND"), " [",
                    Italic("ARGUMENT"), "...]", may ? "]" : "");
  }
  return text + "\n";
}

std::string Head(const std::string& name, std::string summary, const Edition& edition) {
  while (absl::EndsWith(summary, ".")) summary.pop_back();
  if (!summary.empty())
    summary[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(summary[0])));
  std::string page = absl::StrCat(".\\\" Made from the program's own options; do not edit.\n.TH ",
                                  absl::AsciiStrToUpper(name), " 1 ", edition.date, " \"",
                                  edition.version, "\" \"User Commands\"\n");
  Section("NAME", page);
  return absl::StrCat(page, name, " \\-\n", Words(summary));
}

// The words that a report uses, with their meanings.
void GlossarySection(std::string& page) {
  Section("GLOSSARY", page);
  for (const GlossaryPart& part : Glossary()) {
    absl::StrAppend(&page, ".SS ", Escaped(part.title), "\n");
    for (const Term& term : part.terms)
      absl::StrAppend(&page, ".TP\n", Bold(term.name), "\n",
                      Words(absl::StrCat(term.meaning, ".")));
  }
}

void SeeAlso(const std::string& self, const CommandTree& tree, std::string& page) {
  Section("SEE ALSO", page);
  std::vector<std::string> pages;
  if (self != "leaktrack") pages.push_back(absl::StrCat(Bold("leaktrack"), "(1)"));
  for (const CommandFacts& command : tree.commands) {
    if (command.name != self)
      pages.push_back(absl::StrCat(Bold("leaktrack-" + command.name), "(1)"));
  }
  absl::StrAppend(&page, absl::StrJoin(pages, ",\n"), "\n");
}

}  // namespace

std::string ProgramPage(const CommandTree& tree, const Edition& edition) {
  const CommandFacts& program = tree.program;
  const size_t end = program.summary.find('\n');
  std::string page = Head("leaktrack", program.summary.substr(0, end), edition);
  Section("SYNOPSIS", page);
  absl::StrAppend(&page, Bold("leaktrack"), " ", Italic("COMMAND"), " [", Italic("OPTIONS"),
                  "] ...\n");
  Section("DESCRIPTION", page);
  absl::StrAppend(&page, Words(program.summary.substr(0, end)));
  Section("COMMANDS", page);
  for (const CommandFacts& command : tree.commands) {
    absl::StrAppend(&page, ".TP\n", Bold(command.name), "\n",
                    Words(command.summary + "; see " + "leaktrack-" + command.name + "(1)."));
  }
  Section("OPTIONS", page);
  Options(program, page);
  if (end != std::string::npos) {
    Section("EXAMPLES", page);
    Body(absl::StripLeadingAsciiWhitespace(program.summary.substr(end)).empty()
             ? ""
             : program.summary.substr(program.summary.find("  ", end)),
         page);
  }
  SeeAlso("leaktrack", tree, page);
  return page;
}

std::string CommandPage(const CommandTree& tree, const CommandFacts& command,
                        const Edition& edition) {
  std::string page = Head("leaktrack-" + command.name, command.summary, edition);
  Section("SYNOPSIS", page);
  absl::StrAppend(&page, Synopsis(command));
  Section("DESCRIPTION", page);
  absl::StrAppend(&page, Words(command.summary + "."));
  Section("OPTIONS", page);
  Options(command, page);
  const size_t status = command.footer.find(kExitStatus);
  const std::string examples(absl::StripTrailingAsciiWhitespace(command.footer.substr(0, status)));
  if (!examples.empty()) {
    Section(absl::StrContains(examples, "  leaktrack") ? "EXAMPLES" : "NOTES", page);
    Body(examples, page);
  }
  if (command.name == "report") GlossarySection(page);
  if (status != std::string::npos) {
    Section("EXIT STATUS", page);
    absl::StrAppend(&page, Words(command.footer.substr(status + sizeof(kExitStatus) - 1)));
  }
  SeeAlso(command.name, tree, page);
  return page;
}

}  // namespace leaktrack
