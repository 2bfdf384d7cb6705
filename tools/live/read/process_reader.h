// SPDX-License-Identifier: Apache-2.0
//
// Reads all processes of /proc: cheaply all of them, closely a few.
//
// Cost: stat and status of each process (some 30 us); its cgroup once in a while; smaps of those
// that are asked for, at most every ten seconds.
// Promises: reads only; a process that vanishes in between is counted and passed over; names are as
// the process chose them. `proc` is a directory, so that a test can record one.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_LIVE_READ_PROCESS_READER_H_
#define LEAKTRACK_TOOLS_LIVE_READ_PROCESS_READER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/live/model/readings.h"

namespace leaktrack::live {

class ProcessReader {
 public:
  explicit ProcessReader(std::string proc = "/proc") : proc_(std::move(proc)) {}

  // `memory_controller`: the cgroup line to take is that of version 1's memory controller.
  void ReadAll(bool memory_controller, HostReading& reading);

  // Adds what smaps tells to those of `keys`; those that may not be read are counted.
  void ReadClosely(const std::vector<ProcessKey>& keys, HostReading& reading);

 private:
  struct Known {
    std::string cgroup;
    uint32_t age = 0;  // readings since the cgroup was read
  };
  bool ReadOne(pid_t pid, double uptime, bool memory_controller, ProcessReading& process);

  std::string proc_;
  std::map<ProcessKey, Known> known_;
};

// The path in the text of /proc/PID/cgroup; empty: none of this kind.
std::string CgroupIn(const std::string& text, bool memory_controller);

// Sums of the text of /proc/PID/smaps.
MappedBytes MappedIn(const std::string& smaps);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_READ_PROCESS_READER_H_
