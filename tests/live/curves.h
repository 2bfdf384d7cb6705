// SPDX-License-Identifier: Apache-2.0
//
// Curves and hosts that tests of the live model are told.
#ifndef LEAKTRACK_TESTS_LIVE_CURVES_H_
#define LEAKTRACK_TESTS_LIVE_CURVES_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tools/live/model/host.h"

namespace leaktrack::live {

inline constexpr double kMiB = 1 << 20;

// `bytes_at` at every `step` seconds up to `end`.
inline std::vector<Point> CurveFrom(double end, double step,
                                    const std::function<double(double)>& bytes_at) {
  std::vector<Point> points;
  for (double t = 0; t <= end; t += step) points.push_back({t, bytes_at(t)});
  return points;
}

// A process of a recorded host, old unless told otherwise.
struct Actor {
  pid_t pid = 1;
  std::string cgroup = "/app";
  std::function<double(double)> anonymous;  // bytes at a time
  std::function<double(double)> shared;     // none: 0
  double age_at_start = 3600;
  double born = 0, died = 1e18;  // seconds
};

struct Stage {
  std::vector<Actor> actors;
  double limit = 0;                                     // of /app; 0: none
  std::function<double(double)> cache, shmem, sockets;  // of /app, outside of processes
  double machine = 64 * 1024 * kMiB;
};

inline ProcessReading ReadingOf(const Actor& actor, double t) {
  ProcessReading process;
  process.key = {actor.pid, 100};
  process.name = "actor" + std::to_string(actor.pid);
  process.cgroup = actor.cgroup;
  process.age_seconds = actor.age_at_start + t - actor.born;
  process.anonymous = static_cast<int64_t>(actor.anonymous(t));
  process.shared = actor.shared ? static_cast<int64_t>(actor.shared(t)) : 0;
  process.swap = 0;
  process.files = 8 << 20;
  process.resident = process.anonymous + process.shared + process.files;
  process.threads = 4;
  return process;
}

inline HostReading ReadingOf(const Stage& stage, double t) {
  HostReading reading;
  reading.seconds = t;
  CgroupReading cgroup;
  cgroup.path = "/app";
  cgroup.max = static_cast<int64_t>(stage.limit);
  const auto at = [&](const auto& curve) {
    return curve ? static_cast<int64_t>(curve(t)) : int64_t{0};
  };
  cgroup.cache = at(stage.cache);
  cgroup.shared = at(stage.shmem);
  cgroup.sockets = at(stage.sockets);
  cgroup.kernel = 1 << 20;
  cgroup.anonymous = 0;
  for (const Actor& actor : stage.actors) {
    if (t < actor.born || t >= actor.died) continue;
    reading.processes.push_back(ReadingOf(actor, t));
    if (actor.cgroup == "/app") cgroup.anonymous += reading.processes.back().anonymous;
  }
  cgroup.current = cgroup.anonymous + cgroup.cache + cgroup.shared + cgroup.sockets + cgroup.kernel;
  reading.machine = {static_cast<int64_t>(stage.machine),
                     static_cast<int64_t>(stage.machine) - cgroup.current, 0, 0, 0};
  reading.cgroups.push_back(cgroup);
  return reading;
}

// The host after it was looked at every `step` seconds up to `end`.
inline HostView Watch(const Stage& stage, double end, double step) {
  Host host;
  for (double t = 0; t <= end; t += step) host.Add(ReadingOf(stage, t));
  return host.Judge();
}

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TESTS_LIVE_CURVES_H_
