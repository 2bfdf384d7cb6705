// SPDX-License-Identifier: Apache-2.0
//
// What is known of a host, judged: the same for the page, the terminal, the metrics and the alerts.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_VIEW_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/analysis/model/options.h"
#include "tools/analysis/model/result.h"
#include "tools/live/model/growth.h"
#include "tools/live/model/readings.h"

namespace leaktrack::live {

// What grows in a process, as far as it can be seen from outside; without growth: why not.
enum class Cause : uint8_t {
  kUndecided,  // watched too briefly
  kSteady,
  kFalls,
  kStartup,
  kSlowing,
  kReturning,
  kAnonymous,  // heap or mappings: its maps may not be read
  kHeap,
  kMappings,
  kStacks,
  kShared,  // shared memory, memfd, tmpfs
  kFiles,   // comes back from disk: no limit is reached by it
};
const char* CauseName(Cause cause);
const char* CauseMeaning(Cause cause);

// Time to a limit: in one draw of ten sooner than `low`, in one of ten later than `high`.
struct Outlook {
  std::optional<double> low, mid, high;  // seconds; high empty: maybe never
  bool trusted = false;                  // it has gone on for as long as is left
};

struct LimitView {
  LimitKind kind = LimitKind::kNone;
  std::string cgroup;  // whose limit; empty for the machine
  int64_t bytes = kNoLimit, held = kUnknown;
  std::optional<double> used_fraction() const;
  double headroom() const;
};

struct OutsideGrowth {
  const char* kind = "";  // shmem, sock, kernel, file
  int64_t bytes = 0;
  std::optional<Rate> rate;
  bool grows = false;
};

struct CgroupView {
  CgroupReading now;
  Growth growth;
  LimitView limit;  // the tightest of its own and those above
  Outlook outlook;
  Status status = Status::kOk;
  size_t processes = 0;  // in it and below it
  std::vector<OutsideGrowth> outside;
  // Its growth is not that of its processes: the kind of `outside` that grows most.
  std::optional<size_t> blamed;
};

struct SiteSummary {
  uint64_t site = 0;
  std::string function, file, module;
  uint32_t line = 0;
  Verdict verdict = Verdict::kNone;
  double live_bytes = 0;
  std::optional<Rate> growth;
};

// What a capture of a process says of it.
struct TrackedView {
  std::string capture;  // its path; empty: not found
  std::string problem;  // why there are no sites
  std::string run_id;
  std::vector<SiteSummary> sites;        // ranked
  std::map<std::string, double> memory;  // bytes by class: heap, retained, mapped, stacks
  std::map<std::string, double> lost;    // by kind: what could not be recorded
};

struct ProcessView {
  ProcessReading now;
  Growth growth;
  Cause cause = Cause::kUndecided;
  LimitView limit;
  Outlook outlook;
  bool shared_outlook = false;  // the time is that of its cgroup, or of the machine
  Status status = Status::kOk;
  std::optional<TrackedView> tracked;
};

struct HostView {
  double watched_seconds = 0;
  MachineReading machine;
  Growth machine_growth;
  Outlook machine_outlook;
  Status machine_status = Status::kOk;
  std::vector<ProcessView> processes;  // by time to trouble
  std::vector<CgroupView> cgroups;     // the same
  std::vector<OomKill> kills;          // the latest first
  Unseen unseen;

  const CgroupView* FindCgroup(const std::string& path) const;
};

// 75, 85 and 97 % of a limit; a day, an hour and ten minutes to it.
inline constexpr StatusLevels kLiveLevels = {{.75, .85, .97}, {24 * 3600, 3600, 600}};

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_VIEW_H_
