// SPDX-License-Identifier: Apache-2.0
#include "tools/base/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/regular_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

absl::Status Unreadable(const std::string& path, const std::string& why) {
  return absl::NotFoundError(absl::StrCat(SafeText(path), ": cannot be read: ", SafeText(why)));
}

bool IsPipe(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

// Reads one piece from a pipe. The piece is empty at the end, and while nobody has the pipe open.
// Returns false, with `why`, on failure or silence.
bool ReadPiece(int fd, int silent_ms, std::string& text, bool& over, std::string& why) {
  char piece[1 << 16];
  const ssize_t got = read(fd, piece, sizeof piece);
  over = got == 0;
  if (got > 0) text.append(piece, static_cast<size_t>(got));
  if (got >= 0 || errno == EINTR) return true;
  why = strerror(errno);
  if (errno != EAGAIN) return false;
  pollfd waiting{fd, POLLIN, 0};
  const int ready = poll(&waiting, 1, silent_ms);
  if (ready == 0) {
    why = absl::StrCat("the pipe has been silent for ", FormatDuration(silent_ms / 1e3));
  }
  return ready > 0 || (ready < 0 && errno == EINTR);
}

absl::StatusOr<std::string> ReadPipe(const std::string& path, int silent_ms) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return Unreadable(path, strerror(errno));
  std::string text, why;
  bool over = false, good = true;
  while (good && !over && text.size() <= kMostTextBytes)
    good = ReadPiece(fd, silent_ms, text, over, why);
  close(fd);
  if (!good) return Unreadable(path, why);
  if (text.empty()) return Unreadable(path, "no program writes to the pipe");
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadText(const std::string& path, int silent_pipe_ms) {
  std::string text, why;
  if (IsPipe(path)) {
    absl::StatusOr<std::string> said = ReadPipe(path, silent_pipe_ms);
    if (!said.ok()) return said;
    text = *std::move(said);
  } else {
    std::vector<uint8_t> bytes;
    if (!capture::ReadRegular(path, kMostTextBytes + 1, &bytes, &why)) return Unreadable(path, why);
    text.assign(bytes.begin(), bytes.end());
  }
  if (text.size() <= kMostTextBytes) return text;
  return Unreadable(
      path, absl::StrCat("it is longer than ", FormatSize(static_cast<double>(kMostTextBytes))));
}

}  // namespace leaktrack
