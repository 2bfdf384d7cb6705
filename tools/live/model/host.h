// SPDX-License-Identifier: Apache-2.0
//
// The live model: takes looks at a host, one after another, and judges what it has seen.
//
// What: a curve for each process, each cgroup level and the machine. Where a cgroup's limit is what
// ends its processes, the cgroup is forecast, and they share one time. What grows in a cgroup and
// in no process of it has a name: shared memory, sockets, the kernel, files.
// Promises: pure; same readings, same answer. Bounded: kMostProcesses, some kilobytes each.
// A process that is gone is forgotten, and with one that held half of a cgroup the cgroup's past:
// what was its growth does not go on.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_HOST_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_HOST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/live/model/curve.h"
#include "tools/live/model/view.h"

namespace leaktrack::live {

inline constexpr size_t kMostProcesses = 10'000;

class Host {
 public:
  void Add(const HostReading& reading);
  HostView Judge(const StatusLevels& levels = kLiveLevels) const;

  // Those that are worth a close look: that grow or hold most. Not more than `count`.
  std::vector<ProcessKey> Suspicious(size_t count) const;

  // The past of a process; null: there is none.
  const Curve* CurveOf(ProcessKey key) const;

 private:
  struct ProcessPast {
    ProcessReading now;
    Curve held, files;
    ProcessReading first;
    std::optional<MappedBytes> first_closely, last_closely;
    int64_t threads_then = kUnknown;
  };
  struct CgroupPast {
    CgroupReading now;
    Curve held, shared, sockets, kernel, cache, members;
  };
  // The processes in a cgroup and below it.
  struct Population {
    size_t processes = 0;
    double age_seconds = 0;  // of the oldest
  };
  using ByPath = std::map<std::string, const CgroupView*>;

  void AddProcesses(const HostReading& reading);
  void AddCgroups(const HostReading& reading);
  void ForgetProcess(const ProcessPast& gone);

  std::map<std::string, Population> Populations() const;
  static CgroupView JudgeCgroup(const CgroupPast& past, const Population& population,
                                const StatusLevels& levels);
  ProcessView JudgeProcess(const ProcessPast& past, const HostView& view, const ByPath& cgroups,
                           const StatusLevels& levels) const;
  void JudgeMachine(const StatusLevels& levels, HostView& view) const;

  double seconds_ = 0, first_seconds_ = -1;
  MachineReading machine_;
  Curve machine_held_;
  Unseen unseen_;
  std::map<ProcessKey, ProcessPast> processes_;
  std::map<std::string, CgroupPast> cgroups_;
};

// "/a/b" -> "/a/b", "/a", "/". Empty: none.
std::vector<std::string> LevelsOf(const std::string& cgroup);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_HOST_H_
