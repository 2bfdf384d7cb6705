// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/locate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace leaktrack {
namespace {

constexpr int kMaxInterpreters = 4;  // as in the kernel: a script may be run by a script

bool IsFile(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::string ReadStart(const std::string& path) {
  std::string bytes(256, '\0');  // as in the kernel: the rest of a longer first line does not count
  if (!IsFile(path)) return "";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return "";
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  close(fd);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

// "#!/usr/bin/env python3" -> the program that will really run. Empty: not a script.
std::string NextInterpreter(const std::string& start) {
  if (!start.starts_with("#!")) return "";
  const std::string line = start.substr(2, start.find('\n') - 2);
  const std::vector<std::string> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty()) return "";
  const bool env = words[0].ends_with("/env") && words.size() > 1 && words[1][0] != '-';
  return env ? Locate(words[1]).path : words[0];
}

}  // namespace

Located Locate(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    if (access(command.c_str(), F_OK) != 0) return {Found::kNotFound, command};
    const bool runs = IsFile(command) && access(command.c_str(), X_OK) == 0;
    return {runs ? Found::kYes : Found::kNotExecutable, command};
  }
  const char* path = getenv("PATH");
  Located result{Found::kNotFound, command};
  if (command.empty()) return result;
  for (const absl::string_view folder : absl::StrSplit(path ? path : "/usr/bin:/bin", ':')) {
    const std::string candidate = absl::StrCat(folder.empty() ? "." : folder, "/", command);
    if (!IsFile(candidate)) continue;
    if (access(candidate.c_str(), X_OK) == 0) return {Found::kYes, candidate};
    result = {Found::kNotExecutable, candidate};
  }
  return result;
}

std::string InterpreterOf(const std::string& path, const std::string& root) {
  std::string program = path;
  for (int i = 0; i < kMaxInterpreters; ++i) {
    const std::string next = NextInterpreter(ReadStart(root + program));
    if (next.empty()) break;
    program = next;
  }
  return program;
}

}  // namespace leaktrack
