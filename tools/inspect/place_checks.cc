// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/place_checks.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

// A run takes at most one eighth of what is free, and about 5 MiB at first.
constexpr uint64_t kRecorderNeedsFree = uint64_t{40} << 20;
constexpr uint64_t kCaptureAtMost = uint64_t{64} << 20;

// Returns an errno, or 0. Tries in a child, because privileges are given up for good.
int TryAsUser(const std::string& directory, const User& user) {
  const pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)
      _exit(errno & 0x7f);
    std::string probe = absl::StrCat(directory, "/.leaktrack.XXXXXX");
    const int fd = mkstemp(probe.data());
    if (fd < 0) _exit(errno & 0x7f);
    unlink(probe.c_str());
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

std::string WhyUserCannotWrite(const std::string& directory, const User& user, bool* tried) {
  *tried = true;
  if (user.uid == geteuid()) return WhyNotWritable(directory, false);
  if (geteuid() == 0) {
    const int error = TryAsUser(directory, user);
    return error == 0 ? "" : absl::StrCat(directory, ": ", strerror(error));
  }
  *tried = false;
  return "";
}

uint64_t FreeBytes(const std::string& directory) {
  struct statvfs info {};
  return statvfs(directory.c_str(), &info) == 0
             ? static_cast<uint64_t>(info.f_bavail) * info.f_frsize
             : 0;
}

// The directory itself, or the nearest one above it that exists.
std::string NearestThere(const std::string& directory) {
  std::filesystem::path place(directory);
  std::error_code ignored;
  while (place.has_relative_path() &&
         !std::filesystem::exists(std::filesystem::symlink_status(place, ignored)))
    place = place.parent_path();
  return place.string();
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  return error ? path : canonical.string();
}

}  // namespace

std::string OutputDirectory(const std::string& asked) {
  if (!asked.empty()) return Absolute(asked);
  const char* set = getenv("LEAKTRACK_OUT");
  return Absolute(set != nullptr && *set != '\0' ? set : ".");
}

std::string WhyNotWritable(const std::string& directory, bool create) {
  std::error_code error;
  if (create) std::filesystem::create_directories(directory, error);
  if (error) return absl::StrCat(directory, ": ", error.message());
  std::string probe = absl::StrCat(directory, "/.leaktrack.XXXXXX");
  const int fd = mkstemp(probe.data());
  if (fd < 0) return absl::StrCat(directory, ": ", strerror(errno));
  const int full = posix_fallocate(fd, 0, 64 * 1024);
  close(fd);
  unlink(probe.c_str());
  return full == ENOSPC || full == EDQUOT ? absl::StrCat(directory, ": ", strerror(full)) : "";
}

Finding CheckOutput(const std::string& asked, const User& user, bool created) {
  const std::string directory = created ? NearestThere(asked) : asked;
  bool tried = false;
  const std::string why = WhyUserCannotWrite(directory, user, &tried);
  if (!why.empty()) {
    return {Level::kBlocker, "output",
            absl::StrCat("user ", user.uid, " cannot write captures to ",
                         directory == asked ? "" : asked + ", to be created in ", why),
            "choose another place with run -o DIR or LEAKTRACK_OUT"};
  }
  if (!tried) {
    return {Level::kNote, "output",
            absl::StrCat(directory, ": it is unknown whether user ", user.uid, " may write there"),
            "run doctor again as root or as that user"};
  }
  const uint64_t free = FreeBytes(directory);
  const std::string is = directory == asked ? ": writable, " : ": will be created, ";
  const std::string room = absl::StrCat(asked, is, FormatSize(static_cast<double>(free)), " free");
  if (free < kCaptureAtMost) {
    return {Level::kWarning, "output", absl::StrCat(room, "; a capture may take up to 64 MiB"),
            "free some space, or choose another place with run -o DIR or LEAKTRACK_OUT"};
  }
  return {Level::kOk, "output", room, ""};
}

Finding CheckRecorderPlace(const std::string& root, const User& user) {
  const std::string place = root + "/dev/shm";
  bool tried = false;
  const std::string why = WhyUserCannotWrite(place, user, &tried);
  const uint64_t free = FreeBytes(place);
  const char* lost =
      "the flight recorder goes to private memory, and a SIGKILL loses up to the last second";
  const char* remedy = "mount a tmpfs of 64 MiB or more there (docker: --shm-size=64m)";
  if (!why.empty()) return {Level::kWarning, "recorder", absl::StrCat(why, "; ", lost), remedy};
  if (free < kRecorderNeedsFree) {
    return {Level::kWarning, "recorder",
            absl::StrCat(place, ": only ", FormatSize(static_cast<double>(free)), " free; ", lost),
            remedy};
  }
  return {Level::kOk, "recorder",
          absl::StrCat(place, ": ", FormatSize(static_cast<double>(free)), " free"), ""};
}

Finding CheckKernel() {
  utsname name{};
  int major = 0, minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) {
    return {Level::kNote, "kernel", "the version of the kernel could not be read", ""};
  }
  const std::string is = absl::StrCat("Linux ", name.release);
  const int version = major * 1000 + minor;
  if (version < 4014) {
    return {Level::kWarning, "kernel",
            absl::StrCat(is, ": children of fork are not safe to track before 4.14"),
            "track only programs that do not fork, or use a newer kernel"};
  }
  if (version < 5014) {
    return {
        Level::kNote, "kernel",
        absl::StrCat(is, ": tables that grow in a burst may drop (and count) samples before 5.14"),
        ""};
  }
  return {Level::kOk, "kernel", is, ""};
}

}  // namespace leaktrack
