// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/owner.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace leaktrack::capture {
namespace {

// The kernel's PROC_PID_INIT_INO, the namespace that shows every process.
constexpr uint64_t kFirstPidNamespace = 0xEFFF'FFFC;
constexpr uint32_t kOwnerDied = 0x4000'0000, kOwnerThread = 0x3fff'ffff;
constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kClockSlackNs = 50'000'000;  // coarse clocks, and ticks of 10 ms

std::string ProcPath(uint32_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

uint64_t InodeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

int64_t Clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

// Zeros if it cannot be read.
std::array<uint8_t, 16> OwnBootId() {
  std::array<uint8_t, 16> id{};
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  file >> text;
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  if (text.size() != 32 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return id;
  }
  for (size_t i = 0; i < 16; ++i) {
    id[i] = static_cast<uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  }
  return id;
}

std::string HostName() {
  utsname names{};
  return uname(&names) == 0 ? names.nodename : "";
}

// Fields of /proc/PID/stat. The program's name, in brackets, may contain anything.
struct ProcessStat {
  char state = 0;
  uint64_t threads = 0, start_ticks = 0;
  // The first thread of a process may end before the others, so a zombie with more threads is not
  // over.
  bool over() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};

std::optional<ProcessStat> ReadStat(uint32_t pid) {
  std::ifstream file(ProcPath(pid, "stat"));
  std::string text;
  if (!std::getline(file, text, '\0')) return std::nullopt;
  const size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(bracket + 1));
  ProcessStat found;
  fields >> found.state;  // field 3; threads are field 20, the start is field 22
  std::string skipped;
  for (int i = 4; i < 20; ++i) fields >> skipped;
  fields >> found.threads >> skipped >> found.start_ticks;
  return fields ? std::optional(found) : std::nullopt;
}

enum class Match { kSame, kOther, kUndecided };

// A time namespace shifts the clock in which starts are given.
bool SameClock(uint32_t pid) {
  const uint64_t ours = InodeOf("/proc/self/ns/time"), theirs = InodeOf(ProcPath(pid, "ns/time"));
  return ours == 0 || theirs == 0 || ours == theirs;
}

// A process that began after the run is another process with its number.
bool BeganBeforeRun(const ProcessStat& process, int64_t run_start_ns) {
  const int64_t asleep_ns = std::max<int64_t>(0, Clock(CLOCK_BOOTTIME) - Clock(CLOCK_MONOTONIC));
  const long ticks_a_second = sysconf(_SC_CLK_TCK);
  const double began_ns =
      static_cast<double>(process.start_ticks) / static_cast<double>(ticks_a_second) * kSecondNs;
  return began_ns <=
         static_cast<double>(run_start_ns) + static_cast<double>(asleep_ns + kClockSlackNs);
}

Match Compare(uint32_t pid, const OwnerFacts& facts) {
  const std::optional<ProcessStat> process = ReadStat(pid);
  if (!process) return Match::kUndecided;
  if (process->over()) return Match::kOther;
  if (!SameClock(pid)) return Match::kUndecided;
  if (facts.start_ticks != 0)
    return process->start_ticks == facts.start_ticks ? Match::kSame : Match::kOther;
  if (facts.start_monotonic_ns == 0) return Match::kSame;
  return BeganBeforeRun(*process, facts.start_monotonic_ns) ? Match::kSame : Match::kOther;
}

// One process of our /proc, with its number in its own namespace.
struct ListedProcess {
  uint32_t pid = 0, inner_pid = 0;
  uint64_t pid_namespace = 0;  // 0: we may not see it
};

// "NSpid:\t4711\t12\t1": the number in each namespace from that of /proc to the process's own.
// Empty: no such process, or no such line.
std::vector<uint32_t> PidsInNamespaces(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("NSpid:")) continue;
    std::istringstream numbers(line.substr(6));
    std::vector<uint32_t> found;
    for (uint32_t number = 0; numbers >> number;) found.push_back(number);
    return found;
  }
  return {};
}

std::vector<ListedProcess> ListProcesses() {
  std::vector<ListedProcess> all;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return all;
  while (const dirent* entry = readdir(proc)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const std::vector<uint32_t> numbers = PidsInNamespaces(entry->d_name);
    if (numbers.empty()) continue;
    all.push_back({numbers.front(), numbers.back(), InodeOf(ProcPath(numbers.front(), "ns/pid"))});
  }
  closedir(proc);
  return all;
}

// Many captures are read one after another. The list that was made for one serves the next, unless
// the next run began after it was made.
const std::vector<ListedProcess>& RecentProcesses(int64_t run_start_ns) {
  static thread_local std::vector<ListedProcess> seen;
  static thread_local int64_t seen_at = 0;
  const int64_t now = Clock(CLOCK_MONOTONIC);
  if (seen_at == 0 || now - seen_at > kSecondNs || run_start_ns >= seen_at) {
    seen_at = now;
    seen = ListProcesses();
  }
  return seen;
}

// /proc may be mounted from an outer namespace. Its numbers are then not those that kill() takes.
bool ProcIsOfOurNamespace() { return PidsInNamespaces("self").size() == 1; }

bool AllIsVisible() {
  return OwnPidNamespace() == kFirstPidNamespace && ProcIsOfOurNamespace() &&
         access("/proc/1/stat", R_OK) == 0;
}

Owner FindInOwnNamespace(const OwnerFacts& facts) {
  if (kill(static_cast<pid_t>(facts.pid), 0) != 0 && errno == ESRCH) return {Life::kDead};
  if (!ProcIsOfOurNamespace()) return {Life::kUnknown};
  switch (Compare(facts.pid, facts)) {
    case Match::kSame:
      return {Life::kAlive, facts.pid};
    case Match::kOther:
      return {Life::kDead};
    case Match::kUndecided:
      break;
  }
  return {Life::kUnknown};
}

Owner FindInAllNamespaces(const OwnerFacts& facts) {
  bool maybe = false;
  for (const ListedProcess& process : RecentProcesses(facts.start_monotonic_ns)) {
    // It has ended since the list was made.
    if (process.inner_pid != facts.pid || access(ProcPath(process.pid, "stat").c_str(), F_OK) != 0)
      continue;
    if (process.pid_namespace != 0 && facts.pid_namespace != 0 &&
        process.pid_namespace != facts.pid_namespace)
      continue;
    const Match match = Compare(process.pid, facts);
    // If we may not see its namespace, only the exact tick of its start proves its identity.
    const bool proved =
        (process.pid_namespace != 0 && facts.pid_namespace != 0) || facts.start_ticks != 0;
    if (match == Match::kSame && proved) return {Life::kAlive, process.pid};
    maybe |= match != Match::kOther;
  }
  return {!maybe && AllIsVisible() ? Life::kDead : Life::kUnknown};
}

template <typename Header>
OwnerFacts FactsOf(const Header& header) {
  OwnerFacts facts;
  memcpy(facts.boot_id.data(), header.boot_id, facts.boot_id.size());
  facts.host.assign(header.host, strnlen(header.host, sizeof(header.host)));
  facts.pid_namespace = header.pid_namespace;
  facts.pid = header.pid;
  facts.start_ticks = header.start_ticks;
  facts.start_monotonic_ns = header.start_monotonic_ns;
  return facts;
}

}  // namespace

uint64_t OwnPidNamespace() { return InodeOf("/proc/self/ns/pid"); }

bool IsThisBoot(const OwnerFacts& facts) {
  static const std::array<uint8_t, 16> now = OwnBootId();
  constexpr std::array<uint8_t, 16> kNotKnown{};
  const bool told = now != kNotKnown && facts.boot_id != kNotKnown;
  return told ? now == facts.boot_id : facts.host == HostName();
}

bool IsThisBoot(const RecorderHeader& header) { return IsThisBoot(FactsOf(header)); }

bool NumbersAreOurs(const OwnerFacts& facts) {
  if (!IsThisBoot(facts)) return false;
  const uint64_t ours = OwnPidNamespace();
  return ours == 0 || facts.pid_namespace == 0 || ours == facts.pid_namespace;
}

bool NumbersAreOurs(const RecorderHeader& header) { return NumbersAreOurs(FactsOf(header)); }

OwnerFacts OwnerFactsOf(const FileHeader& header) { return FactsOf(header); }

Owner LookForOwner(const OwnerFacts& facts) {
  if (!IsThisBoot(facts)) return {Life::kElsewhere};
  if (facts.pid == 0) return {Life::kUnknown};
  const uint64_t ours = OwnPidNamespace();
  return ours != 0 && ours == facts.pid_namespace ? FindInOwnNamespace(facts)
                                                  : FindInAllNamespaces(facts);
}

Owner OwnerOf(const RecorderHeader& header) {
  const OwnerFacts facts = FactsOf(header);
  if (!IsThisBoot(facts)) return {Life::kElsewhere};
  const uint32_t word = header.owner.load();
  if (word != 0) {
    if ((word & kOwnerThread) == 0 || (word & kOwnerDied) != 0) return {Life::kDead};
    return {Life::kAlive, LookForOwner(facts).pid_here};
  }
  const auto state = static_cast<RunState>(header.state.load());
  if (state != RunState::kStarting && state != RunState::kRunning) return {Life::kDead};
  return LookForOwner(facts);
}

}  // namespace leaktrack::capture
