// SPDX-License-Identifier: Apache-2.0
//
// Reads memory cgroups, of version 1 or 2, at every level that processes live in, up to the root
// that can be seen.
//
// Promises: reads only; a file that is not there is kUnknown. Where both versions are mounted, the
// memory controller decides: only one of them has it.
// Limits: at most kMostCgroups levels; what lies above the mount's own root is not visible.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_LIVE_READ_CGROUP_READER_H_
#define LEAKTRACK_TOOLS_LIVE_READ_CGROUP_READER_H_

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tools/live/model/readings.h"

namespace leaktrack::live {

inline constexpr size_t kMostCgroups = 4'000;

struct CgroupMount {
  std::string folder;      // where it is mounted
  std::string root = "/";  // what of the hierarchy is mounted there
  int version = 2;
};

// The mount with the memory controller, from the text of mountinfo; empty: there is none.
std::optional<CgroupMount> FindMemoryMount(std::string_view mountinfo);

class CgroupReader {
 public:
  explicit CgroupReader(std::optional<CgroupMount> mount) : mount_(std::move(mount)) {}

  bool version_1() const { return mount_ && mount_->version == 1; }

  // All levels of the cgroups of the processes in `reading`.
  void ReadAll(HostReading& reading) const;

  // Of one; empty: it is not there.
  std::optional<CgroupReading> Read(const std::string& path) const;

 private:
  std::string FolderOf(const std::string& path) const;
  void ReadVersion1(const std::string& folder, CgroupReading& cgroup) const;
  void ReadVersion2(const std::string& folder, CgroupReading& cgroup) const;

  std::optional<CgroupMount> mount_;
};

// The ten-second average of "some" in a file of /proc/pressure or memory.pressure; kUnknown: none.
double PressureIn(std::string_view text);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_READ_CGROUP_READER_H_
