// SPDX-License-Identifier: Apache-2.0
//
// A directory of this user's own, for caches and memories, and the files in it.
//
// Why: root may report with a user's HOME, or with an XDG_CACHE_HOME that many share. A user who
// may rename one part of a path, and has it looked up again for each step, can make root delete,
// create and overwrite files anywhere. What: the path is walked once. Each part is opened in the
// one before, never through a link that another user could have put there, and all later steps go
// by the descriptor.
// Promises: every part belongs to root or to this user, and nobody else may write to it. A sticky
// directory (/tmp) may be among them; what lies in it must belong to this user or root, and not be
// a link. The last part belongs to this user, and is not a link. Missing parts are made with mode
// 0700; mode and owner of what was there stay. Files are named within the directory; what is not a
// regular file of this user reads as empty. Nothing is waited for.
// Limits: a directory that its group may write to is refused: members could change what we read.
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

  // Of an absolute path. NotFound: there is none, and none can be made. FailedPrecondition: others
  // have a hand in it; the message says where and who.
  static absl::StatusOr<PrivateDirectory> Open(const std::string& path, Missing missing);

  // A directory that the user has named: how it is reached, and whose it is, was their choice.
  static absl::StatusOr<PrivateDirectory> OpenNamed(const std::string& path, Missing missing);

  PrivateDirectory(PrivateDirectory&& other) noexcept;
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory();

  // At most `most` bytes.
  std::string Read(const std::string& name, size_t most) const;

  // As a whole or not at all, for its user alone.
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
