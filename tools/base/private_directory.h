// SPDX-License-Identifier: Apache-2.0
//
// A directory of this user's own, for caches and histories, and the files in it.
//
// Why: root may report with a user's HOME, or with an XDG_CACHE_HOME that many share. If the path
// were looked up again for each step, a user who may rename one part of it could make root delete,
// create and overwrite files anywhere.
// What: the path is walked once. Each part is opened relative to the part before it, and never
// through a link that another user could have placed. All later steps use the descriptor.
// Promises: every part belongs to root or to this user, and nobody else may write to it. A sticky
// directory (/tmp) is allowed. Its entry must belong to this user or root, and must not be a link.
// The last part belongs to this user, and is not a link. Missing parts are created with mode 0700.
// Mode and owner of existing parts stay. Files are named within the directory. Anything but a
// regular file of this user reads as empty. No operation waits.
// Limits: a directory that its group may write to is refused, because members could change its
// contents.
//
// Thread-safety: as an int.
#ifndef LEAKTRACK_TOOLS_BASE_PRIVATE_DIRECTORY_H_
#define LEAKTRACK_TOOLS_BASE_PRIVATE_DIRECTORY_H_

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leaktrack {

class PrivateDirectory {
 public:
  enum class Missing { kMake, kLeave };
  struct File {
    std::string name;
    timespec changed;
  };

  // Opens an absolute path. NotFound: it does not exist, and cannot be created.
  // FailedPrecondition: others could change it; the message says where and who.
  static absl::StatusOr<PrivateDirectory> Open(const std::string& path, Missing missing);

  // Opens a directory that the user has named. Its path and its owner were the user's choice.
  static absl::StatusOr<PrivateDirectory> OpenNamed(const std::string& path, Missing missing);

  PrivateDirectory(PrivateDirectory&& other) noexcept;
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory();

  // At most `most` bytes.
  std::string Read(const std::string& name, size_t most) const;

  // Replaces the file as a whole or not at all. Only its user may read it.
  absl::Status Replace(const std::string& name, std::string_view bytes) const;

  // Regular files, in no order.
  std::vector<File> Files() const;

  void Remove(const std::string& name) const;

 private:
  PrivateDirectory(int fd, bool named) : fd_(fd), named_(named) {}

  int fd_;
  bool named_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_PRIVATE_DIRECTORY_H_
