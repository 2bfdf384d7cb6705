// SPDX-License-Identifier: Apache-2.0
#include "tools/base/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
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

}  // namespace

absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes) {
  struct stat there;
  if (lstat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(SafeText(path), ": is no file that could be replaced"));
  }
  std::string temporary = path + ".new.XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return absl::PermissionDeniedError(absl::StrCat(SafeText(path), ": ", strerror(errno)));
  struct stat facts;
  if (!like.empty() && stat(like.c_str(), &facts) == 0) {
    (void)!fchown(fd, facts.st_uid, facts.st_gid);  // not ours to give: then it is ours
    (void)fchmod(fd, facts.st_mode & 0777);
  }
  const bool written = WriteAll(fd, bytes) && (like.empty() || fsync(fd) == 0);
  const bool done = (close(fd) == 0) && written && rename(temporary.c_str(), path.c_str()) == 0;
  if (done) return absl::OkStatus();
  const int why = errno;
  unlink(temporary.c_str());
  return absl::DataLossError(absl::StrCat(SafeText(path), ": ", strerror(why), "; it is as it was"));
}

}  // namespace leaktrack
