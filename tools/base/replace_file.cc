// SPDX-License-Identifier: Apache-2.0
#include "tools/base/replace_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Creates a new file beside `name`, with a name that nobody can predict. -1: failed.
int Create(int directory, const std::string& name, std::string& temporary) {
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return -1;
    temporary = absl::StrCat(name, ".new.", absl::Hex(number, absl::kZeroPad16));
    const int fd = openat(directory, temporary.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

// Writes a file that is a mount of its own. `temporary` has the same contents, and is removed once
// all is on the disk.
absl::Status WriteInPlace(int directory, const std::string& name, const std::string& temporary,
                          std::string_view bytes) {
  const int fd =
      openat(directory, name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat facts {};
  const bool known = fd >= 0 && fstat(fd, &facts) == 0;
  const bool is_file = known && S_ISREG(facts.st_mode);
  const bool written = is_file && ftruncate(fd, 0) == 0 && WriteAll(fd, bytes) && fsync(fd) == 0;
  const int why = known && !is_file ? EINVAL : errno;
  if (fd >= 0) close(fd);
  if (!is_file) {
    unlinkat(directory, temporary.c_str(), 0);
    return absl::PermissionDeniedError(
        absl::StrCat(SafeText(name), ": ", strerror(why), "; the file is unchanged"));
  }
  if (!written) {
    return absl::DataLossError(absl::StrCat(SafeText(name), ": ", strerror(why),
                                            "; what was to be written is in ",
                                            SafeText(temporary)));
  }
  unlinkat(directory, temporary.c_str(), 0);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReplaceFileAt(int directory, const std::string& name, const struct stat* like,
                           std::string_view bytes) {
  struct stat there {};
  if (fstatat(directory, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      !S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(SafeText(name), ": is not a regular file, and cannot be replaced"));
  }
  std::string temporary;
  const int fd = Create(directory, name, temporary);
  if (fd < 0)
    return absl::PermissionDeniedError(absl::StrCat(SafeText(name), ": ", strerror(errno)));
  if (like != nullptr) {
    (void)!fchown(fd, like->st_uid, like->st_gid);  // if we may not give it away, it stays ours
    (void)fchmod(fd, like->st_mode & 0777);
  }
  const bool written = WriteAll(fd, bytes) && (like == nullptr || fsync(fd) == 0);
  int why = errno;
  const bool closed = close(fd) == 0;
  if (written && !closed) why = errno;
  const bool complete = closed && written;
  if (complete && renameat(directory, temporary.c_str(), directory, name.c_str()) == 0)
    return absl::OkStatus();
  if (complete) why = errno;
  if (complete && why == EBUSY) return WriteInPlace(directory, name, temporary, bytes);
  unlinkat(directory, temporary.c_str(), 0);
  return absl::DataLossError(
      absl::StrCat(SafeText(name), ": ", strerror(why), "; the file is unchanged"));
}

absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes) {
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int directory = open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return absl::PermissionDeniedError(absl::StrCat(SafeText(path), ": ", strerror(errno)));
  struct stat facts;
  const bool has_like = !like.empty() && stat(like.c_str(), &facts) == 0;
  absl::Status status =
      ReplaceFileAt(directory, path.substr(slash + 1), has_like ? &facts : nullptr, bytes);
  close(directory);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(SafeText(parent == "." ? "" : parent), status.message()));
}

}  // namespace leaktrack
