// SPDX-License-Identifier: Apache-2.0
//
// A capture as plain data: one value that holds all that is known of a run.
//
// Why apart from the decoder: analysis and reports are functions of this value, whatever way it
// came about (a file, a file and its recorder, a simulation). Promises: values only, no behaviour.
// Limits: ordinary C++ for tools and tests; the tracked process never sees it.
//
// Thread-safety: none; values only.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_CAPTURE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_CAPTURE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

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
  std::string recorder_path;  // where the recorder was, empty if it was anonymous memory
  bool recorder_was_anonymous = false;
  uint32_t pid_here = 0;  // its number in our /proc, where it lives and can be seen there; else 0
  std::array<uint8_t, 16> boot_id{};
  uint64_t limit_id = 0;  // which cgroup's limit holds for it: with the boot the same for all that
                          // share it; 0: none or not known
};

struct ModuleInfo {
  uint32_t number = 0;  // FrameModule() of frames in it
  uint64_t start = 0, end = 0, bias = 0;
  uint64_t loaded_ms = 0;
  uint64_t unloaded_ms = 0;  // 0: still loaded at the end
  uint64_t device = 0, inode = 0;
  std::string path;
  std::string build_id;  // lower-case hex, empty if the module has none
};

struct StackInfo {
  SiteId id = 0;
  SiteKind kind =
      SiteKind::kHeap;  // kHeap or kMapping; objects of pools and immortal blocks are kHeap
  bool truncated = false;
  bool immortal =
      false;  // its blocks were marked by the program: meant to live for ever, never to be accused
  uint32_t pool = 0;          // its blocks are objects of this pool (Capture::pools); 0: of none
  std::vector<Frame> frames;  // leaf first; call-site addresses
};

// Absolute sums of one cell at one time, see capture::Cell.
struct CellPoint {
  uint64_t time_ms = 0;
  uint64_t samples = 0;
  double objects = 0, bytes = 0, bytes_squared = 0, variance = 0;
};

// The history of one (site, band). Points are strictly increasing in time and non-decreasing in
// `samples`; spacing is fine near the end of the run and coarser before. Before the first point the
// sums are 0.
struct CellSeries {
  SiteId site = 0;
  uint8_t band = 0;  // kBandBirths, an age band of deaths, kBandThinned or kBandRelabelled
  std::vector<CellPoint> points;
};

// A sampled block still alive at the end of the capture.
struct Survivor {
  SiteId site = 0;
  uint64_t size = 0;
  uint64_t interval_bytes = 1;  // mean sampling interval it was sampled with; 1: exact
  uint64_t birth_ms = 0;
  uint64_t first_birth_ms = 0;  // of the first block of its realloc chain; == birth_ms without one
  uint32_t chain = 0;           // realloc chain, 0: none
  double keep_probability = 1;  // below 1 where the file kept only a share (exact mode over budget)
};

// Whether these stand for more than themselves: then sums are the counters', not theirs.
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
struct MemorySample {  // bytes; kNotKnown where the system did not tell
  uint64_t time_ms = 0;
  int64_t rss = kNotKnown, anonymous = kNotKnown, file = kNotKnown, shared = kNotKnown,
          swap = kNotKnown;
  int64_t stack = kNotKnown;  // main thread's stack
  int64_t cgroup_current = kNotKnown,
          cgroup_max = kNotKnown;  // cgroup_max: kNotKnown also when "max"
  int64_t rlimit_as = kNotKnown, machine_total = kNotKnown, machine_available = kNotKnown;
  int64_t oom_kills = kNotKnown;          // memory.events oom_kill
  int64_t psi_some_total_us = kNotKnown;  // memory.pressure some total
  // The allocator's own word, from its last reading, at allocator_read_ms (before time_ms; it is
  // asked rarely).
  int64_t allocator_in_use =
      kNotKnown;  // handed out and not freed; caches of threads may count as handed out
  int64_t allocator_free = kNotKnown;    // held back for later use
  int64_t allocator_mapped = kNotKnown;  // taken from the system
  int64_t allocator_arenas = kNotKnown;
  int64_t allocator_read_ms = kNotKnown;
  int64_t work_units = kNotKnown;     // absolute; kNotKnown until the program has counted its first
  int64_t threads = kNotKnown;        // a number; the tracker's own helper is one of them
  int64_t address_space = kNotKnown;  // what RLIMIT_AS limits
  int64_t cgroup_reclaimable = kNotKnown;  // part of cgroup_current: file pages that can be dropped
};

// What the program said of itself (include/leaktrack), in the order of time. Names are the
// program's bytes: print with care.
struct Phase {
  std::string name;
  uint64_t start_ms = 0;
  uint64_t end_ms = 0;  // of one that is not over: the end of what is known
  bool ended = false;
};
struct Snapshot {
  std::string name;
  uint64_t time_ms = 0;
};

// A program that was executed without the library, by the process itself as its end or by one that
// it has forked.
struct UntrackedExec {
  std::string path;  // its end, where it is long
  uint64_t time_ms = 0;
  ExecFate why = ExecFate::kTracked;
  bool of_child = false;
};

struct Capture {
  std::string path;  // the file that was read
  uint16_t major = 0, minor = 0;
  ProcessInfo process;
  RunState end_state = RunState::kRunning;
  bool running = false;   // the owner was alive when this was read (owner.h), or gave signs of life
                          // seconds before
  bool may_live = false;  // running, or of an owner that cannot be seen from here
  bool as_of = false;     // it was running when this copy of its capture was sealed
  bool numbers_are_ours = false;  // its pid is of our pid namespace and boot
  bool recorder_used = false;     // the recorder supplied the last moments
  bool recorder_missing =
      false;  // the run did not end in the file and its recorder is gone: last epoch(s) lost
  bool young_missing = false;  // no recorder was found: blocks that lived for less than 2 s at the
                               // end are not among `survivors`
  uint64_t duration_ms = 0;    // start to the end of what is known

  std::vector<ModuleInfo> modules;  // by number, no gaps assumed
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
  uint64_t live_count = 0;  // entries of the live table at the end
  uint64_t exact_limit_hit_ms = 0;
  std::array<uint64_t, kLossCount> losses{};
  uint64_t epochs_lost = 0;  // gaps in the sequence of epochs that should be there
  bool no_thread = false;
  std::string allocator;  // "glibc", "jemalloc", "tcmalloc", "mimalloc"; empty: not known
  std::vector<std::pair<std::string, HookState>> hooks;

  std::string fold_problem;  // why the end could not be written to the file (the reader's word)
  std::string seal;          // what was appended to the file afterwards (seal.h); empty: nothing
  std::string seal_problem;  // why that could not be read
  std::vector<std::string> damage;  // one line each: what, where, how much was skipped
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_CAPTURE_H_
