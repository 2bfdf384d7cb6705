// SPDX-License-Identifier: Apache-2.0
#include "tools/base/private_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tools/base/replace_file.h"
#include "tools/base/status_macros.h"
#include "tools/base/user_files.h"

namespace leaktrack {
namespace {

constexpr int kMostLinks = 16;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

absl::Status Absent(const std::string& path, int error) {
  return absl::NotFoundError(absl::StrCat(path, ": ", strerror(error)));
}

bool OthersMayWrite(const struct stat& facts) { return (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0; }

absl::Status CheckOwner(const std::string& path, const struct stat& facts) {
  if (facts.st_uid == 0 || facts.st_uid == geteuid()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " belongs to another user (uid ", facts.st_uid, ")"));
}

absl::Status CheckMode(const std::string& path, const struct stat& facts) {
  if (!OthersMayWrite(facts)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("%s may be changed by others (mode %04o)", path, facts.st_mode & 07777));
}

// Walks from "/" to a directory, one part after the other. Opens each part first and then judges
// its descriptor, so nothing can be exchanged in between.
class Walk {
 public:
  Walk(const std::string& path, PrivateDirectory::Missing missing)
      : missing_(missing), at_(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    Push(path);
  }

  absl::StatusOr<Descriptor> Go() {
    struct stat root {};
    if (!at_.ok() || fstat(at_.get(), &root) != 0) return Absent("/", errno);
    RETURN_IF_ERROR(Enter(root));
    while (!parts_.empty()) {
      const std::string part = std::move(parts_.back());
      parts_.pop_back();
      RETURN_IF_ERROR(Step(part));
    }
    return Last();
  }

 private:
  // Parts are taken from the end, so the first part is pushed last.
  void Push(const std::string& path) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
    parts_.insert(parts_.end(), parts.rbegin(), parts.rend());
  }

  absl::Status Step(const std::string& part) {
    where_ = absl::StrCat(where_, "/", part);
    Descriptor child(openat(at_.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!child.ok() && errno == ENOENT && missing_ == PrivateDirectory::Missing::kMake) {
      if (mkdirat(at_.get(), part.c_str(), 0700) != 0 && errno != EEXIST)
        return Absent(where_, errno);
      child = Descriptor(openat(at_.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    }
    struct stat facts {};
    if (!child.ok() || fstat(child.get(), &facts) != 0) return Absent(where_, errno);
    RETURN_IF_ERROR(CheckOwner(where_, facts));
    if (S_ISLNK(facts.st_mode)) return Follow(child);
    if (!S_ISDIR(facts.st_mode)) return Absent(where_, ENOTDIR);
    at_ = std::move(child);
    return Enter(facts);
  }

  // Nobody but its owner can exchange an entry of a sticky directory.
  absl::Status Enter(const struct stat& facts) {
    shared_ = OthersMayWrite(facts) && (facts.st_mode & S_ISVTX) != 0;
    return shared_ ? absl::OkStatus() : CheckMode(where_.empty() ? "/" : where_, facts);
  }

  // Follows a link of root or of this user in a directory where nobody else can create one: /home
  // -> /var/home.
  absl::Status Follow(const Descriptor& link) {
    if (shared_ || parts_.empty() || ++links_ > kMostLinks) {
      return absl::FailedPreconditionError(absl::StrCat(where_, " is a symbolic link"));
    }
    std::string target(PATH_MAX, '\0');
    const ssize_t length = readlinkat(link.get(), "", target.data(), target.size());
    if (length <= 0) return Absent(where_, errno);
    target.resize(static_cast<size_t>(length));
    Push(target);
    if (!target.starts_with('/')) return absl::OkStatus();
    at_ = Descriptor(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    where_.clear();
    return at_.ok() ? absl::OkStatus() : Absent("/", errno);
  }

  absl::StatusOr<Descriptor> Last() const {
    Descriptor directory(openat(at_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat facts {};
    if (!directory.ok() || fstat(directory.get(), &facts) != 0) return Absent(where_, errno);
    if (facts.st_uid != geteuid()) {
      return absl::FailedPreconditionError(
          absl::StrCat(where_, " belongs to another user (uid ", facts.st_uid, ")"));
    }
    RETURN_IF_ERROR(CheckMode(where_, facts));
    return directory;
  }

  const PrivateDirectory::Missing missing_;
  Descriptor at_;
  std::string where_;               // for messages
  std::vector<std::string> parts_;  // still to walk, the next one last
  bool shared_ = false;             // others may create names in the current directory
  int links_ = 0;
};

}  // namespace

absl::StatusOr<PrivateDirectory> PrivateDirectory::Open(const std::string& path, Missing missing) {
  if (!path.starts_with('/')) return Absent(path, ENOENT);
  ASSIGN_OR_RETURN(const Descriptor found, Walk(path, missing).Go());
  const int fd = fcntl(found.get(), F_DUPFD_CLOEXEC, 3);
  if (fd < 0) return Absent(path, errno);
  return PrivateDirectory(fd, false);
}

absl::StatusOr<PrivateDirectory> PrivateDirectory::OpenNamed(const std::string& path,
                                                             Missing missing) {
  std::error_code ignored;  // open reports it
  if (missing == Missing::kMake) std::filesystem::create_directories(path, ignored);
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Absent(path, errno);
  return PrivateDirectory(fd, true);
}

PrivateDirectory::PrivateDirectory(PrivateDirectory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), named_(other.named_) {}

PrivateDirectory::~PrivateDirectory() {
  if (fd_ >= 0) close(fd_);
}

std::string PrivateDirectory::Read(const std::string& name, size_t most) const {
  const Descriptor file(
      openat(fd_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY));
  struct stat facts {};
  if (!file.ok() || fstat(file.get(), &facts) != 0) return "";
  if (!named_ && facts.st_uid != geteuid()) return "";
  return ReadAtMost(file.get(), most);
}

absl::Status PrivateDirectory::Replace(const std::string& name, std::string_view bytes) const {
  return ReplaceFileAt(fd_, name, nullptr, bytes);
}

std::vector<PrivateDirectory::File> PrivateDirectory::Files() const {
  std::vector<File> files;
  const int listed = openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const directory = listed < 0 ? nullptr : fdopendir(listed);
  if (directory == nullptr) {
    if (listed >= 0) close(listed);
    return files;
  }
  while (const dirent* entry = readdir(directory)) {
    struct stat facts {};
    if (fstatat(fd_, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(facts.st_mode))
      files.push_back({entry->d_name, facts.st_mtim});
  }
  closedir(directory);
  return files;
}

void PrivateDirectory::Remove(const std::string& name) const {
  (void)unlinkat(fd_, name.c_str(), 0);
}

}  // namespace leaktrack
