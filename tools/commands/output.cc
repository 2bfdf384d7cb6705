// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

absl::Status WriteAll(int fd, const std::string& text, const std::string& name) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) return absl::OkStatus();  // `| head` has seen enough
    if (written < 0) return absl::DataLossError(absl::StrCat(name, ": ", strerror(errno)));
    done += static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteOutput(const std::string& path, const std::string& text) {
  if (path.empty()) return WriteAll(STDOUT_FILENO, text, "standard output");
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return absl::PermissionDeniedError(absl::StrCat(SafeText(path), ": ", strerror(errno)));
  absl::Status status = WriteAll(fd, text, SafeText(path));
  if (close(fd) != 0 && status.ok()) status = absl::DataLossError(absl::StrCat(SafeText(path), ": ", strerror(errno)));
  return status;
}

}  // namespace leaktrack
