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

std::string ReadAtMost(int fd, size_t most) {
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return "";
  std::string text(std::min(most, static_cast<size_t>(info.st_size)), '\0');
  size_t held = 0;
  for (ssize_t got = 1; held < text.size() && got > 0;
       held += got > 0 ? static_cast<size_t>(got) : 0) {
    got = pread(fd, text.data() + held, text.size() - held, static_cast<off_t>(held));
  }
  text.resize(held);
  return text;
}

std::string ReadAtMost(const std::string& path, size_t most) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return "";
  std::string text = ReadAtMost(fd, most);
  close(fd);
  return text;
}

}  // namespace leaktrack
