// SPDX-License-Identifier: Apache-2.0
//
// A capture as plain data: one value that holds all that is known of a run.
//
// Why it is separate from the decoder: analysis and reports are functions of this value, whether it
// comes from a file, from a file and its recorder, or from a simulation.
// Promise: values only, no behaviour.
// Limit: ordinary C++ for tools and tests; the tracked process never uses it.
//
// Thread-safety: none; values only.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_CAPTURE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_CAPTURE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

struct ProcessInfo {
  uint32_t pid = 0;
  uint32_t parent_pid = 0;
  uint64_t run_id = 0;
  uint64_t parent_run_id = 0;
  int64_t start_realtime_ns = 0;
  std::string host;
  std::string program;        // basename of argv[0]
  std::string command;        // printable command line
  std::string recorder_path;  // where the recorder was; empty if it was anonymous memory
  bool recorder_was_anonymous = false;
  // Its number in the reader's /proc, if it is alive and visible there; else 0.
  uint32_t pid_here = 0;
  std::array<uint8_t, 16> boot_id{};
  // The cgroup whose limit applies. Processes of one boot that share the limit have the same id. 0:
  // none or not known.
  uint64_t limit_id = 0;
  // The names of its own cgroup and of that whose limit applies, as the kernel has them in its
  // cgroup namespace; empty: not known.
  std::string cgroup, limiting_cgroup;
};

// The SIGKILL that ended it was the OOM killer's.
struct OomKill {
  OomWitness by = OomWitness::kNone;
  OomScope scope = OomScope::kCgroup;
  std::string cgroup;        // whose limit was reached; empty: not known, or the machine's
  int64_t limit_bytes = -1;  // -1: not known
  int64_t realtime_ns = 0;
};

struct ModuleInfo {
  uint32_t number = 0;  // FrameModule() of its frames
  uint64_t start = 0, end = 0, bias = 0;
  uint64_t loaded_ms = 0;
  uint64_t unloaded_ms = 0;  // 0: still loaded at the end
  uint64_t device = 0, inode = 0;
  std::string path;
  std::string build_id;  // lower-case hex, empty if the module has none
};

struct StackInfo {
  SiteId id = 0;
  // kHeap or kMapping; objects of pools and immortal blocks are kHeap.
  SiteKind kind = SiteKind::kHeap;
  bool truncated = false;
  // The program marked its blocks as meant to live for ever: never accuse them.
  bool immortal = false;
  // The pool (Capture::pools) that its blocks are objects of; 0: none.
  uint32_t pool = 0;
  std::vector<Frame> frames;  // leaf first; call-site addresses
};

// Absolute sums of one cell at one time; see capture::Cell.
struct CellPoint {
  uint64_t time_ms = 0;
  uint64_t samples = 0;
  double objects = 0, bytes = 0, bytes_squared = 0, variance = 0;
};

// The history of one (site, band). Points strictly increase in time and never decrease in
// `samples`. They are dense near the end of the run and sparser before. Before the first point all
// sums are 0.
struct CellSeries {
  SiteId site = 0;
  uint8_t band = 0;  // kBandBirths, an age band of deaths, kBandThinned or kBandRelabelled
  std::vector<CellPoint> points;
};

// A sampled block that is still alive at the end of the capture.
struct Survivor {
  SiteId site = 0;
  uint64_t size = 0;
  uint64_t interval_bytes = 1;  // mean sampling interval of the block; 1: exact
  uint64_t birth_ms = 0;
  // Birth of the first block of its realloc chain; birth_ms if it has no chain.
  uint64_t first_birth_ms = 0;
  uint32_t chain = 0;  // realloc chain, 0: none
  // Below 1 if the file kept only a share of the survivors (exact mode over budget).
  double keep_probability = 1;
};

// True if the file kept only a share of them. A sum over them is then an estimate; the cells count
// exactly.
inline bool IsDrawn(const std::vector<Survivor>& survivors) {
  return std::any_of(survivors.begin(), survivors.end(),
                     [](const Survivor& survivor) { return survivor.keep_probability < 1; });
}

struct KeptDeath {
  SiteId site = 0;
  uint64_t size = 0;
  uint64_t interval_bytes = 1;
  uint64_t birth_ms = 0, death_ms = 0;
  uint32_t chain = 0;
  double keep_probability = 1;
};

inline constexpr int64_t kNotKnown = -1;
struct MemorySample {  // bytes; kNotKnown if the system did not say
  uint64_t time_ms = 0;
  int64_t rss = kNotKnown, anonymous = kNotKnown, file = kNotKnown, shared = kNotKnown,
          swap = kNotKnown;
  int64_t stack = kNotKnown;  // main thread's stack
  // cgroup_max is also kNotKnown for "max".
  int64_t cgroup_current = kNotKnown, cgroup_max = kNotKnown;
  int64_t rlimit_as = kNotKnown, machine_total = kNotKnown, machine_available = kNotKnown;
  int64_t oom_kills = kNotKnown;          // memory.events oom_kill
  int64_t psi_some_total_us = kNotKnown;  // memory.pressure some total
  // What the allocator reported at its last reading, at allocator_read_ms. It is asked rarely, so
  // this is before time_ms.
  // Handed out and not freed. Blocks in per-thread caches may count as handed out.
  int64_t allocator_in_use = kNotKnown;
  int64_t allocator_free = kNotKnown;    // held back for later use
  int64_t allocator_mapped = kNotKnown;  // taken from the system
  int64_t allocator_arenas = kNotKnown;
  int64_t allocator_read_ms = kNotKnown;
  int64_t work_units = kNotKnown;          // absolute; kNotKnown before the first unit
  int64_t threads = kNotKnown;             // a count; includes the tracker's helper thread
  int64_t address_space = kNotKnown;       // what RLIMIT_AS limits
  int64_t cgroup_reclaimable = kNotKnown;  // part of cgroup_current: file pages, can be dropped
};

// What the program said about itself (include/leaktrack), ordered by time. Names are the program's
// bytes: print them with care.
struct Phase {
  std::string name;
  uint64_t start_ms = 0;
  // If the phase is not over: the end of what is known.
  uint64_t end_ms = 0;
  bool ended = false;
};
struct Snapshot {
  std::string name;
  uint64_t time_ms = 0;
};

// A program that was executed without the library. The process itself executed it as its last act,
// or a child that it had forked did.
struct UntrackedExec {
  std::string path;  // the last part of a long path
  uint64_t time_ms = 0;
  ExecFate why = ExecFate::kTracked;
  bool of_child = false;
};

struct Capture {
  std::string path;  // the file that was read
  uint16_t major = 0, minor = 0;
  ProcessInfo process;
  RunState end_state = RunState::kRunning;
  std::optional<OomKill> oom_kill;  // only of a run that was killed
  // The owner was alive when this was read (owner.h), or had shown signs of life seconds before.
  bool running = false;
  bool may_live = false;          // running, or the owner cannot be seen from here
  bool as_of = false;             // it was running when this copy of its capture was sealed
  bool numbers_are_ours = false;  // its pid is of our pid namespace and boot
  bool recorder_used = false;     // the recorder supplied the last moments
  // The file does not contain the end of the run and the recorder is gone: the last epochs are
  // lost.
  bool recorder_missing = false;
  // No recorder was found: `survivors` lacks blocks that were younger than 2 s at the end.
  bool young_missing = false;
  uint64_t duration_ms = 0;  // from the start to the end of what is known

  std::vector<ModuleInfo> modules;  // by number; there may be gaps
  std::unordered_map<SiteId, StackInfo> stacks;
  std::vector<CellSeries> cells;          // ordered by (site, band)
  std::vector<Survivor> survivors;        // at the end
  std::vector<KeptDeath> kept_deaths;     // ordered by death
  std::vector<MemorySample> memory;       // ordered by time
  std::vector<Phase> phases;              // ordered by start
  std::vector<Snapshot> snapshots;        // ordered by time
  std::map<uint32_t, std::string> pools;  // name by number
  std::vector<UntrackedExec> execs;       // ordered by time

  uint64_t configured_interval = 0;  // 0: auto
  uint64_t interval_now = 0, interval_min = 0, interval_max = 0;
  uint64_t samples_total = 0, thinned_total = 0;
  uint64_t live_count = 0;  // live-table entries at the end
  uint64_t exact_limit_hit_ms = 0;
  std::array<uint64_t, kLossCount> losses{};
  uint64_t epochs_lost = 0;  // gaps in the sequence of epochs
  bool no_thread = false;
  std::string allocator;  // a name of allocators.h; empty: not known
  std::vector<std::pair<std::string, HookState>> hooks;

  std::string fold_problem;         // why the reader could not write the end to the file
  std::string seal;                 // what was appended to the file later (seal.h); empty: nothing
  std::string seal_problem;         // why the seal could not be read
  std::vector<std::string> damage;  // one line each: what, where, how much was skipped
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_CAPTURE_H_
