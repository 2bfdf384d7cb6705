// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/gate.h"

namespace leaktrack::live {

bool Gate::Update(const GateLevels& levels, std::optional<double> used, const Outlook& outlook) {
  const std::optional<double> left = outlook.trusted ? outlook.mid : std::nullopt;
  const bool over = (used && *used >= levels.use) || (left && *left <= levels.seconds);
  const bool clear =
      (!used || *used < levels.use - kClearUse) && (!left || *left > kClearTime * levels.seconds);
  if (over) shut_ = true;
  if (clear) shut_ = false;
  return shut_;
}

std::string GateName(const ProcessView& process) {
  return "process " + std::to_string(process.now.key.pid) + " " +
         std::to_string(process.now.key.start_ticks);
}
std::string GateName(const CgroupView& cgroup) { return "cgroup " + cgroup.now.path; }

std::set<std::string> Gates::Update(const HostView& host) {
  std::set<std::string> shut;
  std::map<std::string, Gate> still;
  const auto update = [&](const std::string& name, std::optional<double> used,
                          const Outlook& outlook) {
    Gate gate = gates_[name];
    if (gate.Update(levels_, used, outlook)) shut.insert(name);
    still[name] = gate;
  };
  for (const ProcessView& process : host.processes)
    update(GateName(process), process.limit.used_fraction(), process.outlook);
  for (const CgroupView& cgroup : host.cgroups) {
    if (cgroup.limit.kind != LimitKind::kNone)
      update(GateName(cgroup), cgroup.limit.used_fraction(), cgroup.outlook);
  }
  const LimitView machine{LimitKind::kMachine, "", host.machine.total, host.machine.Held()};
  update(kMachineGate, machine.used_fraction(), host.machine_outlook);
  gates_ = std::move(still);
  return shut;
}

}  // namespace leaktrack::live
