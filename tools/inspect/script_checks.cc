// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/script_checks.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "libtrack/capture/read/regular_file.h"
#include "tools/inspect/locate.h"

namespace leaktrack {
namespace {

constexpr uint64_t kMostScriptBytes = 1 << 20;
constexpr size_t kMostFindings = 8;
constexpr char kHandOn[] =
    "pass LD_PRELOAD and the LEAKTRACK_ variables on, or put leaktrack run directly in front of "
    "the program itself";
constexpr char kAddBehind[] =
    "write LD_PRELOAD=\"${LD_PRELOAD:+$LD_PRELOAD:}OTHER.so\", which keeps the tracker and "
    "keeps it first";

// Commands that run the command that follows their options.
constexpr absl::string_view kWrappers[] = {
    "env",         "nice",         "timeout",   "numactl", "nohup",
    "setsid",      "stdbuf",       "taskset",   "chrt",    "ionice",
    "time",        "xargs",        "flock",     "exec",    "chroot",
    "unshare",     "nsenter",      "sudo",      "doas",    "su",
    "runuser",     "setpriv",      "gosu",      "su-exec", "capsh",
    "tini",        "s6-setuidgid", "dumb-init", "strace",  "ltrace",
    "prlimit",     "softlimit",    "catchsegv", "script",  "start-stop-daemon",
    "systemd-run", "docker",       "podman",    "ssh"};
// Wrappers that start it elsewhere: by a daemon, on another machine, in another container.
constexpr absl::string_view kElsewhere[] = {"systemd-run", "docker", "podman", "ssh"};
// Wrappers that usually pass on an environment of their own.
constexpr absl::string_view kNewEnvironment[] = {"sudo", "doas", "su", "pkexec"};

template <size_t N>
bool Among(const absl::string_view (&names)[N], absl::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

absl::string_view BaseOf(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

// The value of NAME=VALUE in a line of shell, without quotes. It ends at the first blank outside
// of them.
std::string ValueAfter(absl::string_view line, size_t at) {
  std::string value;
  char quote = 0;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (quote == 0 && (c == ' ' || c == '\t' || c == ';' || c == '&')) break;
    if (c == quote)
      quote = 0;
    else if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else
      value += c;
  }
  return value;
}

// Checks an assignment to LD_PRELOAD. Empty if an existing preload stays first.
Findings CheckPreload(const std::string& value, const std::string& where) {
  if (absl::StrContains(value, "libleaktrack.so")) return {};
  const size_t kept = std::min(value.find("$LD_PRELOAD"), value.find("${LD_PRELOAD"));
  if (kept == std::string::npos) {
    return {{Level::kWarning, "preload",
             absl::StrCat(where, value.empty() ? " removes LD_PRELOAD" : " overwrites LD_PRELOAD",
                          ": what runs after it is not tracked"),
             value.empty() ? kHandOn : kAddBehind}};
  }
  // "${LD_PRELOAD:+$LD_PRELOAD:}other" begins with what was there;
  // "other${LD_PRELOAD:+:$LD_PRELOAD}" does not.
  if (kept == 0) return {};
  return {{Level::kWarning, "preload",
           absl::StrCat(where,
                        " puts another library before the tracker: if it is an allocator, its "
                        "calls bypass the tracker"),
           kAddBehind}};
}

bool HasWord(const std::vector<absl::string_view>& words, absl::string_view first,
             std::initializer_list<absl::string_view> then) {
  const auto at = std::find_if(words.begin(), words.end(),
                               [&](absl::string_view word) { return BaseOf(word) == first; });
  if (at == words.end()) return false;
  return std::any_of(at + 1, words.end(), [&](absl::string_view word) {
    return std::find(then.begin(), then.end(), word) != then.end();
  });
}

Findings CheckLine(absl::string_view line, const std::string& where) {
  constexpr absl::string_view kName = "LD_PRELOAD=";
  const size_t at = line.find(kName);
  if (at != absl::string_view::npos &&
      (at == 0 ||
       (line[at - 1] != '_' && !absl::ascii_isalnum(static_cast<unsigned char>(line[at - 1]))))) {
    return CheckPreload(ValueAfter(line, at + kName.size()), where);
  }
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t;&|()"), absl::SkipEmpty());
  if (HasWord(words, "unset", {"LD_PRELOAD"}) ||
      HasWord(words, "env", {"-uLD_PRELOAD", "LD_PRELOAD", "--unset=LD_PRELOAD"})) {
    return CheckPreload("", where);
  }
  if (HasWord(words, "env", {"-i", "-", "--ignore-environment"}) ||
      HasWord(words, "exec", {"-c"}) || HasWord(words, "setpriv", {"--reset-env"})) {
    return {{Level::kWarning, "preload",
             absl::StrCat(where, " empties the environment: what it starts is not tracked"),
             kHandOn}};
  }
  for (const absl::string_view word : words) {
    const absl::string_view name = BaseOf(word);
    if (!Among(kElsewhere, name) && !Among(kNewEnvironment, name)) continue;
    return {{Level::kWarning, "preload",
             absl::StrCat(where, " runs ", name, ", which usually does not pass LD_PRELOAD on"),
             kHandOn}};
  }
  return {};
}

// Checks the effect of a wrapper's own words on the environment.
void CheckWrapper(absl::string_view name, const std::vector<std::string>& words,
                  Findings& findings) {
  const auto blocked = [&](std::string what, const char* remedy) {
    findings.push_back({Level::kBlocker, "wrapper", std::move(what), remedy});
  };
  if (Among(kElsewhere, name))
    return blocked(absl::StrCat(name, " starts the program elsewhere, without this environment"),
                   kHandOn);
  if (Among(kNewEnvironment, name))
    return blocked(absl::StrCat(name, " passes on an environment of its own, without LD_PRELOAD"),
                   kHandOn);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool unset = word == "-u" || word == "--unset";
    const std::string removed = unset && i + 1 < words.size()  ? words[i + 1]
                                : word.starts_with("--unset=") ? word.substr(8)
                                : word.starts_with("-u")       ? word.substr(2)
                                                               : "";
    if (name == "env" && (word == "-i" || word == "-" || word == "--ignore-environment"))
      return blocked("env -i empties the environment", kHandOn);
    if (name == "env" && removed == "LD_PRELOAD") return blocked("env removes LD_PRELOAD", kHandOn);
    if (name == "env" && word.starts_with("LD_PRELOAD=") &&
        !absl::StrContains(word, "libleaktrack.so")) {
      return blocked("env overwrites LD_PRELOAD",
                     "name libleaktrack.so there as well, before the others");
    }
    if (word == "--reset-env")
      return blocked(absl::StrCat(name, " --reset-env empties the environment"), kHandOn);
  }
  if (name == "chroot") {
    findings.push_back({Level::kWarning, "wrapper",
                        "chroot: the program sees other files than this command",
                        "put libleaktrack.so there, at the same path as here"});
  }
}

}  // namespace

Findings CheckScriptText(const std::string& text) {
  Findings findings;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    for (Finding& one : CheckLine(line, absl::StrCat("line ", number)))
      findings.push_back(std::move(one));
    if (findings.size() >= kMostFindings) break;
  }
  return findings;
}

Findings CheckScript(const std::string& path, const std::string& interpreter) {
  constexpr absl::string_view kShells[] = {"sh",  "bash", "dash",    "ash",
                                           "ksh", "zsh",  "busybox", "mksh"};
  if (!Among(kShells, BaseOf(interpreter))) return {};
  std::vector<uint8_t> bytes;
  std::string why;
  if (!capture::ReadRegular(path, kMostScriptBytes, &bytes, &why)) return {};
  return CheckScriptText(std::string(bytes.begin(), bytes.end()));
}

CommandChain FollowWrappers(const std::vector<std::string>& command) {
  CommandChain chain;
  for (size_t at = 0; at < command.size();) {
    const Located located = Locate(command[at]);
    chain.programs.push_back(located.path);
    const absl::string_view name = BaseOf(command[at]);
    if (!Among(kWrappers, name)) return chain;
    // The next word that is a command. Arguments of the wrapper's options (a number, a user, a
    // time) are not.
    size_t next = at + 1;
    while (next < command.size() &&
           (command[next].starts_with("-") || absl::StrContains(command[next], '=') ||
            Locate(command[next]).found != Found::kYes))
      ++next;
    CheckWrapper(name,
                 {command.begin() + static_cast<ptrdiff_t>(at) + 1,
                  command.begin() + static_cast<ptrdiff_t>(next)},
                 chain.findings);
    chain.open = next == command.size();
    at = next;
  }
  return chain;
}

}  // namespace leaktrack
