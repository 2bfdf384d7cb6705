// SPDX-License-Identifier: Apache-2.0
//
// Open or shut, for load balancers and orchestrators: shut at a use of the limit or a time to it,
// and open again only well clear of both.
//
// Why two edges: a probe that changes its mind with every reading takes a service in and out of
// rotation.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_GATE_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_GATE_H_

#include <map>
#include <optional>
#include <set>
#include <string>

#include "tools/live/model/view.h"

namespace leaktrack::live {

struct GateLevels {
  double use = .9;       // of the limit
  double seconds = 600;  // a trusted time to it
};

class Gate {
 public:
  static constexpr double kClearUse = .05;  // below the level
  static constexpr double kClearTime = 2;   // times the level

  // Whether it is shut.
  bool Update(const GateLevels& levels, std::optional<double> used, const Outlook& outlook);

 private:
  bool shut_ = false;
};

// A gate for each process, each cgroup with a limit, and the machine.
class Gates {
 public:
  explicit Gates(const GateLevels& levels) : levels_(levels) {}
  // The names of those that are shut.
  std::set<std::string> Update(const HostView& host);

 private:
  GateLevels levels_;
  std::map<std::string, Gate> gates_;
};

std::string GateName(const ProcessView& process);
std::string GateName(const CgroupView& cgroup);
inline constexpr char kMachineGate[] = "machine";

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_GATE_H_
