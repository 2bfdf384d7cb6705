// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/memory_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/commands/recorders.h"
#include "tools/live/read/cgroup_reader.h"
#include "tools/witness/memory_file.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr double kFirstLook = 3, kSecondLook = 10, kCostFactor = 300, kShortestPause = 10;
constexpr int kBeatMs = 500, kLowestPriority = 19;
constexpr int64_t kRoomNeeded = 64 << 20;  // and a quarter of what is resident
constexpr int64_t kMostWaitedFor = int64_t{1} << 30;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

int64_t ResidentBytes(pid_t pid) {
  std::ifstream statm(absl::StrCat("/proc/", pid, "/statm"));
  int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// The path in the line of the memory controller, or of version 2.
std::string CgroupOf(const std::string& text, int version) {
  std::string path;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const bool mine =
        version == 2 ? line.starts_with("0::") : line.find(":memory:") != std::string::npos;
    if (mine) path = line.substr(line.rfind(':') + 1);
    at = end + 1;
  }
  return path;
}

// What is left below the tightest limit of our own cgroup and those above it.
int64_t Headroom() {
  const auto mount = live::FindMemoryMount(TextOf("/proc/self/mountinfo"));
  int64_t left = std::numeric_limits<int64_t>::max();
  if (!mount) return left;
  const live::CgroupReader reader(mount);
  std::string path = CgroupOf(TextOf("/proc/self/cgroup"), mount->version);
  while (!path.empty()) {
    const std::optional<live::CgroupReading> level = reader.Read(path);
    if (level && level->max > 0 && level->current >= 0)
      left = std::min(left, level->max - std::max<int64_t>(level->Held(), 0));
    if (path == "/") break;
    path.resize(std::max<size_t>(path.rfind('/'), 1));
  }
  return left;
}

bool HasRoomFor(pid_t pid) { return Headroom() >= kRoomNeeded + ResidentBytes(pid) / 4; }

uint64_t OwnNamespace() {
  struct stat facts {};
  return stat("/proc/self/ns/pid", &facts) == 0 ? facts.st_ino : 0;
}

}  // namespace

MemoryWatch::MemoryWatch(const std::string& directory) : directory_(directory) {
  int stop[2];
  if (pipe2(stop, O_CLOEXEC) != 0) return;
  stop_read_ = stop[0];
  stop_write_ = stop[1];
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MemoryWatch::~MemoryWatch() {
  if (!thread_.joinable()) return;
  close(stop_write_);
  thread_.join();
  close(stop_read_);
}

void MemoryWatch::Serve() {
  setpriority(PRIO_PROCESS, 0, kLowestPriority);  // of this thread
  double find_at = 0;
  for (;;) {
    pollfd stop{stop_read_, POLLIN, 0};
    if (poll(&stop, 1, kBeatMs) > 0) return;
    const double now = Now();
    if (now >= find_at) {
      FindNew(now);
      find_at = now + (watched_.empty() ? 1 : 5);
    }
    for (auto& [run_id, one] : watched_) {
      if (!one.gone && now >= one.due) LookAt(one, now);
    }
  }
}

// Recorders of processes that write their captures where we were told.
void MemoryWatch::FindNew(double now) {
  if (watched_.size() >= kMostWatched) return;
  static const uint64_t ours = OwnNamespace();
  std::error_code error;
  for (const RecorderEntry& entry : FindRecorders({})) {
    const fs::path folder = fs::path(entry.capture_path).parent_path();
    if (entry.folded || entry.pid_namespace != ours || watched_.contains(entry.run_id) ||
        watched_.size() >= kMostWatched || !fs::equivalent(folder, directory_, error))
      continue;
    const auto pid = static_cast<pid_t>(entry.pid);
    Watched& one = watched_[entry.run_id];
    one.capture_path = entry.capture_path;
    one.pid = pid;
    one.watch = std::make_unique<witness::SiteWatch>(pid, entry.run_id, SymbolizerOptions());
    one.first_seen = now;
    one.due = now + kFirstLook;
  }
}

void MemoryWatch::LookAt(Watched& one, double now) {
  if (!HasRoomFor(one.pid)) {
    one.due = now + kSecondLook;
    return;
  }
  const double before = ThreadSeconds();
  const absl::StatusOr<witness::RunMemory> memory = one.watch->Look();
  const double cost = ThreadSeconds() - before;
  if (!memory.ok()) {
    one.gone = true;  // it has ended, or may not be looked at
    one.watch.reset();
    return;
  }
  if (memory->looks == 1) {
    one.due = std::max(one.first_seen + kSecondLook, now + kFirstLook);
    return;
  }
  (void)witness::WriteMemoryFile(one.capture_path, *memory);
  one.due = now + std::max(kShortestPause, kCostFactor * cost);
}

std::optional<witness::RunMemory> LookTwice(pid_t pid, uint64_t run_id,
                                            const SymbolizerOptions& symbols) {
  if (ResidentBytes(pid) > kMostWaitedFor || !HasRoomFor(pid)) return std::nullopt;
  witness::SiteWatch watch(pid, run_id, symbols);
  if (!watch.Look().ok()) return std::nullopt;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  absl::StatusOr<witness::RunMemory> memory = watch.Look();
  if (!memory.ok()) return std::nullopt;
  return *std::move(memory);
}

}  // namespace leaktrack
