// SPDX-License-Identifier: Apache-2.0
//
// Whether a process that a SIGKILL ended was killed by the kernel's OOM killer, and by whose limit.
//
// Why: wait() and the recorder tell of a SIGKILL only, and an operator's kill, an orchestrator's
// and the kernel's are mended differently. What is asked: the kernel's log, where it may be read,
// names the process, the cgroup and its limit. Else the cgroup of the process, whose count of OOM
// kills the run has recorded (CgroupFacts): if it has risen since and this is asked soon after the
// end, the kernel killed there. Promises: a log that covers the end and does not name the process
// outweighs the counter. A line that a program has written into the log is not believed. Nothing is
// said of another boot, nor of a cgroup that is another one by now. Limits: the log names numbers
// of the first pid namespace. A process of another one is known by its name and by the time, if no
// second kill has both. In a cgroup of several processes the counter does not tell which of them
// was killed.
//
// Thread-safety: safe. Each thread keeps the kernel's log for a second.
// Used by tools, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_OOM_EVIDENCE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_OOM_EVIDENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtrack/capture/capture.h"
#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

// A run whose process is gone.
struct DeadRun {
  uint32_t pid = 0;
  bool pid_is_global = false;  // of the first pid namespace
  std::string program;
  CgroupFacts cgroup{};
  int64_t start_realtime_ns = 0, start_monotonic_ns = 0;
  int64_t last_sign_ns = 0;  // of life, by CLOCK_MONOTONIC
  int64_t ended_ns = 0;      // the same clock: when its end was seen; 0: not known
};

DeadRun DeadRunOf(const RecorderHeader& header);
DeadRun DeadRunOf(const FileHeader& header, uint64_t duration_ms);

// One message of the kernel itself.
struct KernelMessage {
  int64_t microseconds = 0;  // since the boot
  std::string text;
};

// A record of /dev/kmsg; empty unless the kernel wrote it.
std::optional<KernelMessage> ParseKernelRecord(const std::string& record);

// The whole log, oldest first; empty if it may not be read.
std::vector<KernelMessage> ReadKernelLog();

// What the log says of the run.
std::optional<OomRecord> OomKillInLog(const DeadRun& run, const std::vector<KernelMessage>& log);
// False if the log might not name it although it was killed.
bool LogCovers(const DeadRun& run, const std::vector<KernelMessage>& log);

// What the cgroup's files say by now, below `root`.
std::optional<OomRecord> OomKillByCounter(const DeadRun& run, int64_t now_ns,
                                          const std::string& root = "");

// All of the above.
std::optional<OomRecord> FindOomKill(const DeadRun& run);
// The log alone.
std::optional<OomRecord> FindOomKillInLog(const DeadRun& run);

std::optional<OomKill> OomKillOf(const OomRecord& record);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_OOM_EVIDENCE_H_
