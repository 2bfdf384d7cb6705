// SPDX-License-Identifier: Apache-2.0
#include "tools/base/user_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace leaktrack {
namespace {

std::string AbsolutePath(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value == '/' ? value : "";
}

}  // namespace

std::string UserDirectory(const char* variable, const char* below_home) {
  if (const std::string named = AbsolutePath(variable); !named.empty()) return named + "/leaktrack";
  const std::string home = AbsolutePath("HOME");
  return home.empty() ? "" : absl::StrCat(home, "/", below_home, "/leaktrack");
}

std::string ReadAtMost(const std::string& path, size_t most) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (fd < 0) return "";
  std::string text;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    text.resize(std::min(most, static_cast<size_t>(info.st_size)));
    size_t held = 0;
    for (ssize_t got; held < text.size() && (got = read(fd, text.data() + held, text.size() - held)) > 0;) held += static_cast<size_t>(got);
    text.resize(held);
  }
  close(fd);
  return text;
}

}  // namespace leaktrack
