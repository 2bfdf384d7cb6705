// SPDX-License-Identifier: Apache-2.0
//
// A file of /proc as text; empty where it cannot be read. At most 256 MiB.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_PROC_TEXT_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_PROC_TEXT_H_

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace leaktrack::witness {

inline std::string ProcText(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  constexpr size_t kStep = 64 << 10, kMost = 256 << 20;
  for (ssize_t got = 1; got > 0 && text.size() < kMost;) {
    const size_t had = text.size();
    text.resize(had + kStep);
    got = read(fd, text.data() + had, kStep);
    text.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
  }
  close(fd);
  return text;
}

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_PROC_TEXT_H_
