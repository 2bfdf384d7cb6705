// SPDX-License-Identifier: Apache-2.0
//
// OOM kills, with what proves them: the kernel's own log where it may be read, else the counters of
// the cgroups.
//
// The log names victim, cgroup and moment; it is a ring, so an old kill may be gone from it. A
// counter says how many there were since the cgroup was made, and not when.
// Promises: reads only, never waits; whatever stands in the log is data. A kill that both tell is
// told once.
#ifndef LEAKTRACK_TOOLS_LIVE_READ_KERNEL_LOG_H_
#define LEAKTRACK_TOOLS_LIVE_READ_KERNEL_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/live/model/readings.h"

namespace leaktrack::live {

inline constexpr size_t kMostKills = 100;

// The text of /dev/kmsg from its oldest record on; empty: it may not be read.
std::optional<std::string> ReadKernelLog(const std::string& path = "/dev/kmsg");

// The kills in such a text, the latest first. `boot_time`: when the clock of the log was 0, in
// seconds since 1970.
std::vector<OomKill> KillsIn(std::string_view log, double boot_time);

// Adds the kills that only a counter tells.
void AddCountedKills(const std::vector<CgroupReading>& cgroups, std::vector<OomKill>& kills);

double BootTime();

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_READ_KERNEL_LOG_H_
