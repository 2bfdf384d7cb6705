// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/program_check.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace leaktrack {
namespace {

constexpr int kMaxInterpreters = 4;  // as the kernel: a script may be run by a script

bool IsFile(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// As execvp: a name with a slash is a path, another is looked for in PATH.
ProgramCheck Locate(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    if (access(command.c_str(), F_OK) != 0) return {Found::kNotFound, command, ""};
    const bool runs = IsFile(command) && access(command.c_str(), X_OK) == 0;
    return {runs ? Found::kYes : Found::kNotExecutable, command, ""};
  }
  const char* path = getenv("PATH");
  ProgramCheck result{Found::kNotFound, command, ""};
  if (command.empty()) return result;
  for (const absl::string_view folder : absl::StrSplit(path ? path : "/usr/bin:/bin", ':')) {
    const std::string candidate = absl::StrCat(folder.empty() ? "." : folder, "/", command);
    if (!IsFile(candidate)) continue;
    if (access(candidate.c_str(), X_OK) == 0) return {Found::kYes, candidate, ""};
    result = {Found::kNotExecutable, candidate, ""};
  }
  return result;
}

std::string ReadStart(const std::string& path) {
  std::string bytes(4096, '\0');
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  close(fd);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

std::string Privileged(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "";
  const char* way_out = "; track a copy without these rights, or run as that user";
  if ((info.st_mode & S_ISUID) != 0 && info.st_uid != geteuid()) return absl::StrCat("is setuid: the loader ignores LD_PRELOAD", way_out);
  if ((info.st_mode & S_ISGID) != 0 && info.st_gid != getegid()) return absl::StrCat("is setgid: the loader ignores LD_PRELOAD", way_out);
  if (geteuid() != 0 && getxattr(path.c_str(), "security.capability", nullptr, 0) > 0) {
    return absl::StrCat("has file capabilities: the loader ignores LD_PRELOAD", way_out);
  }
  return "";
}

std::string WrongElf(const std::string& start) {
  if (start.size() < sizeof(Elf64_Ehdr) || memcmp(start.data(), ELFMAG, SELFMAG) != 0) return "";
  Elf64_Ehdr header;
  memcpy(&header, start.data(), sizeof(header));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64) {
    return "is not an x86-64 program: the library cannot be loaded into it; use a 64-bit build";
  }
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (at > start.size() || start.size() - at < sizeof(Elf64_Phdr)) return "";  // program headers far off: cannot tell
    Elf64_Phdr segment;
    memcpy(&segment, start.data() + at, sizeof(segment));
    if (segment.p_type == PT_INTERP) return "";
  }
  return "is statically linked: nothing can be preloaded; link it dynamically to track it";
}

// "#!/usr/bin/env python3" -> the program that will really run, empty if it is no script.
std::string Interpreter(const std::string& start) {
  if (!start.starts_with("#!")) return "";
  const std::string line = start.substr(2, start.find('\n') - 2);
  const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty()) return "";
  const bool env = words[0].ends_with("/env") && words.size() > 1 && words[1][0] != '-';
  return env ? Locate(words[1]).path : words[0];
}

}  // namespace

ProgramCheck CheckProgram(const std::string& command) {
  ProgramCheck result = Locate(command);
  if (result.found != Found::kYes) return result;
  std::string path = result.path;
  for (int i = 0; i < kMaxInterpreters && !path.empty(); ++i) {
    const std::string start = ReadStart(path);
    const std::string interpreter = Interpreter(start);
    // The kernel ignores the set-id bits of scripts; those of what runs them count.
    std::string why = interpreter.empty() ? Privileged(path) : "";
    if (why.empty()) why = WrongElf(start);
    if (!why.empty()) {
      result.untrackable = absl::StrCat(path, " ", why);
      return result;
    }
    path = interpreter;
  }
  return result;
}

}  // namespace leaktrack
