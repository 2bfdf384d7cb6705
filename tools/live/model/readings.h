// SPDX-License-Identifier: Apache-2.0
//
// One look at a host: its processes, its memory cgroups, the machine, as plain data.
//
// Why plain data: the model judges what was recorded, so that a test can hand it any day.
// Promises: what the system did not tell is kUnknown, never 0.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_READINGS_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_READINGS_H_

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leaktrack::live {

inline constexpr int64_t kUnknown = -1;
inline constexpr int64_t kNoLimit = 0;

// Numbers of processes are used again; with the tick of the start they are not.
struct ProcessKey {
  pid_t pid = 0;
  uint64_t start_ticks = 0;
  auto operator<=>(const ProcessKey&) const = default;
};

// Resident bytes by what they are for; only of the few processes that were looked at closely.
struct MappedBytes {
  int64_t heap = 0;      // [heap], and the arenas of glibc
  int64_t mappings = 0;  // other anonymous memory
  int64_t stacks = 0;    // as far as the kernel names them
  int64_t files = 0, shared = 0;
  int64_t pss = kUnknown;
  int64_t descriptors = kUnknown;
};

struct ProcessReading {
  ProcessKey key;
  std::string name;    // as the kernel has it: 15 characters, chosen by the process
  std::string cgroup;  // the path of its memory cgroup; empty: not known
  uid_t uid = 0;
  double age_seconds = 0;
  int64_t resident = kUnknown, anonymous = kUnknown, files = kUnknown, shared = kUnknown;
  int64_t swap = kUnknown, threads = kUnknown;
  std::optional<MappedBytes> closely;

  // What only its end or its own doing gives back; files come back from disk.
  int64_t Held() const;
};

struct CgroupReading {
  std::string path;  // as in /proc/PID/cgroup
  int version = 2;
  int64_t current = kUnknown;
  int64_t max = kNoLimit, high = kNoLimit;
  int64_t anonymous = kUnknown, shared = kUnknown, sockets = kUnknown, kernel = kUnknown;
  int64_t cache = kUnknown;  // file pages that can be dropped: shared memory is not among them
  int64_t oom_kills = kUnknown;
  bool oom_group = false;           // one kill ends all processes in it
  double pressure = kUnknown;       // PSI some, 10 s average, in percent
  std::vector<ProcessKey> members;  // processes directly in it

  // Use that the kernel cannot take back without killing or swapping.
  int64_t Held() const;
};

struct MachineReading {
  int64_t total = kUnknown, available = kUnknown;
  int64_t swap_total = kUnknown, swap_free = kUnknown;
  double pressure = kUnknown;
  int64_t Held() const { return total > 0 && available >= 0 ? total - available : kUnknown; }
};

// What the reader was not allowed or able to see.
struct Unseen {
  uint32_t processes = 0;      // that vanished while they were read
  uint32_t unreadable = 0;     // whose maps belong to others
  bool hidden = false;         // /proc shows only our own processes (hidepid)
  bool own_namespace = false;  // a pid namespace: the processes of the host are not in it
  bool no_cgroups = false;     // no memory cgroup files are there
  bool no_kernel_log = false;
  uint32_t beyond_bounds = 0;  // processes beyond the most that are followed
};

struct HostReading {
  double seconds = 0;  // of a clock that only goes forward
  MachineReading machine;
  std::vector<ProcessReading> processes;
  std::vector<CgroupReading> cgroups;
  Unseen unseen;
};

// A kill by the OOM killer, with what proves it.
struct OomKill {
  enum class Proof : uint8_t { kKernelLog, kCounter };
  Proof proof = Proof::kKernelLog;
  enum class Scope : uint8_t { kCgroup, kMachine };
  Scope scope = Scope::kCgroup;
  std::string cgroup;       // whose limit it was; of the machine: empty
  std::string task_cgroup;  // where the victim lived
  int64_t limit_bytes = kNoLimit;
  int64_t time = 0;  // seconds since 1970; 0: not known
  pid_t pid = 0;     // 0: not known
  std::string name;
  int64_t resident = kUnknown;  // of the victim
  std::string largest;          // the process that held most, where that was another
  int64_t largest_resident = kUnknown;
  int64_t count = 1;  // of a counter: so many kills since the cgroup was made
  bool whole_group = false;
};

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_READINGS_H_
