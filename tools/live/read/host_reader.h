// SPDX-License-Identifier: Apache-2.0
//
// One look at this host or container: everything that the live model takes.
//
// Promises: reads only; unprivileged, it says what it could not see. What is dear (smaps) is read
// of few processes and at most every kCloseSeconds.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_LIVE_READ_HOST_READER_H_
#define LEAKTRACK_TOOLS_LIVE_READ_HOST_READER_H_

#include <string>
#include <vector>

#include "tools/live/read/cgroup_reader.h"
#include "tools/live/read/process_reader.h"

namespace leaktrack::live {

inline constexpr size_t kMostCloseLooks = 20;

class HostReader {
 public:
  explicit HostReader(const std::string& proc = "/proc");

  // `closely`: those that are to have a close look with this one.
  HostReading Read(const std::vector<ProcessKey>& closely = {});

 private:
  std::string proc_;
  CgroupReader cgroups_;
  ProcessReader processes_;
  Unseen always_;  // what this place never shows
};

MachineReading ReadMachine(const std::string& proc);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_READ_HOST_READER_H_
