// SPDX-License-Identifier: Apache-2.0
//
// A directory of this user's own, for caches and memories, and the files in it.
//
// Why: root reports with a user's HOME, or with an XDG_CACHE_HOME that many share. By a path that
// is looked up again for each step, whoever may rename one part of it has root delete, create and
// overwrite files where he likes. What: the path is walked once, part by part, each opened in the
// one before and never through a link that somebody else could have put there; all that follows
// goes by the descriptor. Promises: every part belongs to root or to this user, and nobody else may
// write to it; a sticky directory (/tmp) may stand among them, but what lies in it must be this
// user's or root's, and no link. The last part is this user's own, and no link. Parts that are
// missing are made with mode 0700; nothing that was there before has its mode or owner changed.
// Files are read and written by name in the directory alone; what is no regular file of this user
// reads as empty. Nothing is waited for. Limits: who uses a directory that its group may write to
// has no place there: the group's members could change what we read.
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

  // Where the user named it himself: how it is reached and whose it is was his choice.
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
