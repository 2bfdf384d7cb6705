// SPDX-License-Identifier: Apache-2.0
//
// Names on disk: what debug information said of an address is read once for each build, not once
// for each report.
//
// What: a directory with one file per build-id, packed and checksummed as a seal is (seal.h),
// written anew as a whole. Promises: a file that does not check out is as none. Only a directory of
// our own user is used, on a path that nobody else can change (private_directory.h): names in one
// of another's would be his. Where it is not so nothing is kept, and that is said once. What cannot
// be read or written is left: the store saves time, and never decides what a report says. Bounded:
// kMostFiles, of at most a seal's size; the oldest go first.
//
// Thread-safety: none in this process; other processes may use the same directory, the last writer
// of a file wins.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_FRAME_STORE_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_FRAME_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/base/private_directory.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

using FramesByAddress =
    std::unordered_map<uint64_t, std::vector<ResolvedFrame>>;  // ELF address -> as
                                                               // Symbolizer::Resolve gives them

class FrameStore {
 public:
  static constexpr size_t kMostFiles = 500;

  // Made on the first Save. Empty: nothing is kept.
  explicit FrameStore(std::string directory) : directory_(std::move(directory)) {}

  // $XDG_CACHE_HOME/leaktrack/names-N or ~/.cache/leaktrack/names-N; nothing where neither is set,
  // or `options` do not want it.
  static FrameStore For(const SymbolizerOptions& options);

  // Of the file with this build-id, which the capture calls `path`.
  FramesByAddress Load(const std::string& path, const std::string& build_id) const;
  void Save(const std::string& build_id, const FramesByAddress& frames) const;

 private:
  std::string FileOf(const std::string& build_id) const;  // empty: not to be kept
  std::optional<PrivateDirectory> Open(PrivateDirectory::Missing missing) const;

  std::string directory_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_FRAME_STORE_H_
