// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/oom_evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string_view>

namespace leaktrack::capture {
namespace {

// The kernel's PROC_PID_INIT_INO, the namespace whose numbers its log names.
constexpr uint64_t kFirstPidNamespace = 0xEFFF'FFFC;
constexpr size_t kMostNameBytes = 15;  // of a task's name in the log
constexpr size_t kMostMessages = 200'000;
constexpr int64_t kSecondNs = 1'000'000'000;
// The log's clock is not corrected as CLOCK_MONOTONIC is, and drifts from it.
constexpr int64_t kClockSlackNs = 10 * kSecondNs;
// A process that cannot be told by its number must have died this soon after its last sign of life.
constexpr int64_t kSoonNs = 5 * kSecondNs;
constexpr int64_t kCounterIsFreshNs = 30 * kSecondNs;
constexpr double kAtTheLimit = .98;
constexpr int64_t kNoLimit = int64_t{1} << 60;  // version 1 has a number near 2^63 for none

int64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

std::optional<int64_t> NumberAt(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end != text.data() ? std::optional(value) : std::nullopt;
}

// What stands behind the last `key`; empty: it is not there.
std::string_view After(std::string_view text, std::string_view key) {
  const size_t at = text.rfind(key);
  return at == std::string_view::npos ? std::string_view{} : text.substr(at + key.size());
}

std::string_view Between(std::string_view text, std::string_view from, std::string_view to) {
  const size_t begin = text.find(from);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = text.substr(begin + from.size());
  const size_t end = rest.rfind(to);
  return end == std::string_view::npos ? rest : rest.substr(0, end);
}

void Copy(std::string_view from, char (&to)[kCgroupBytes]) {
  memset(to, 0, sizeof to);
  memcpy(to, from.data(), std::min(from.size(), sizeof(to) - 1));
}

std::string Text(const char (&from)[kCgroupBytes]) {
  return std::string(from, strnlen(from, sizeof from));
}

// `path` without so many bytes at its end; "/" for the root.
std::string Level(std::string path, uint32_t cut) {
  path.resize(path.size() - std::min<size_t>(cut, path.size()));
  return path.empty() ? "/" : path;
}

OomRecord RecordOf(OomWitness by, int64_t at_ns, const DeadRun& run) {
  OomRecord record{};
  record.by = by;
  record.limit_bytes = kNotKnown;
  record.realtime_ns = run.start_realtime_ns + (at_ns - run.start_monotonic_ns);
  return record;
}

// ---- The log ----

// "... Killed process 4711 (name) total-vm:...": a kill, and what was said before of its reason.
struct LoggedKill {
  int64_t at_ns = 0;
  int64_t pid = 0;
  std::string name;
  OomScope scope = OomScope::kMachine;
  std::string cgroup;
  int64_t limit_bytes = kNotKnown;
};

// The state that the lines of one event build up.
struct Event {
  std::string limited, group;
  int64_t limit_bytes = kNotKnown;
  size_t first = 0, kills = 0;  // of those that it has killed
};

bool StartsWith(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

void TakeReason(std::string_view text, Event* event) {
  if (text.find(" invoked oom-killer: ") != std::string_view::npos) *event = {};
  if (StartsWith(text, "memory: usage ")) {
    const std::optional<int64_t> limit = NumberAt(After(text, "limit "));
    if (limit && *limit < kNoLimit / 1024) event->limit_bytes = *limit * 1024;
  }
  if (StartsWith(text, "oom-kill:")) event->limited = Between(text, ",oom_memcg=", ",task_memcg=");
  // Before Linux 4.19.
  if (StartsWith(text, "Task in "))
    event->limited = std::string(After(text, " killed as a result of limit of "));
  if (StartsWith(text, "Tasks in "))
    event->group = Between(text, "Tasks in ", " are going to be killed due to memory.oom.group");
}

std::optional<LoggedKill> TakeKill(const KernelMessage& message, const Event& event) {
  const std::string_view text = message.text;
  const size_t at = text.find("Killed process ");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view who = text.substr(at + std::string_view("Killed process ").size());
  const std::optional<int64_t> pid = NumberAt(who);
  if (!pid) return std::nullopt;
  LoggedKill kill;
  kill.at_ns = message.microseconds * 1000;
  kill.pid = *pid;
  kill.name = Between(who.substr(0, who.find(" total-vm:")), "(", ")");
  if (text.substr(0, at).find("emory cgroup out of memory") == std::string_view::npos) return kill;
  kill.scope = event.group.empty() ? OomScope::kCgroup : OomScope::kGroup;
  kill.cgroup = event.limited.empty() ? event.group : event.limited;
  kill.limit_bytes = event.limit_bytes;
  return kill;
}

std::vector<LoggedKill> KillsIn(const std::vector<KernelMessage>& log) {
  std::vector<LoggedKill> kills;
  Event event;
  for (const KernelMessage& message : log) {
    const bool was_group = !event.group.empty();
    TakeReason(message.text, &event);
    if (event.kills == 0) event.first = kills.size();
    // The first of the group is killed before that is said of all.
    for (size_t i = event.first; !was_group && !event.group.empty() && i < kills.size(); ++i)
      kills[i].scope = OomScope::kGroup;
    if (std::optional<LoggedKill> kill = TakeKill(message, event)) {
      kills.push_back(*kill);
      ++event.kills;
    }
  }
  return kills;
}

bool IsOf(const LoggedKill& kill, const DeadRun& run) {
  if (kill.at_ns < run.last_sign_ns - kClockSlackNs) return false;
  if (run.ended_ns != 0 && kill.at_ns > run.ended_ns + kClockSlackNs) return false;
  if (run.pid_is_global) return kill.pid == run.pid;
  return kill.name == run.program.substr(0, kMostNameBytes) &&
         kill.at_ns < run.last_sign_ns + kSoonNs;
}

// ---- The counter ----

std::optional<int64_t> ReadNumber(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  return std::getline(file, text) ? NumberAt(text) : std::nullopt;
}

std::optional<int64_t> ReadKey(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (StartsWith(line, key)) return NumberAt(std::string_view(line).substr(key.size()));
  }
  return std::nullopt;
}

// The files of a cgroup, by the version that it is of.
struct CgroupFiles {
  const char *events, *limit, *peak;
};
constexpr CgroupFiles kVersions[] = {
    {"/memory.oom_control", "/memory.limit_in_bytes", "/memory.max_usage_in_bytes"},
    {"/memory.events", "/memory.max", "/memory.peak"}};

const CgroupFiles* FilesOf(const std::string& folder, uint64_t id) {
  struct stat info {};
  for (const CgroupFiles& files : kVersions) {
    if (stat((folder + files.events).c_str(), &info) == 0 && info.st_ino == id) return &files;
  }
  return nullptr;
}

// Whether some level from the process's own up to `level` is killed as a whole.
bool DiesAsAWhole(std::string folder, size_t level_bytes) {
  while (folder.size() >= level_bytes) {
    if (ReadNumber(folder + "/memory.oom.group") == 1) return true;
    const size_t slash = folder.rfind('/');
    if (slash == std::string::npos || slash == 0) return false;
    folder.resize(slash);
  }
  return false;
}

void TakeLevel(const std::string& folder, const CgroupFiles& files, const CgroupFacts& facts,
               OomRecord* record) {
  const std::string level = Level(folder, facts.level_cut);
  const int64_t limit = ReadNumber(level + files.limit).value_or(kNoLimit);
  const std::optional<int64_t> peak = ReadNumber(level + files.peak);
  const bool reached = limit < kNoLimit && (!peak || static_cast<double>(*peak) >=
                                                         kAtTheLimit * static_cast<double>(limit));
  record->scope = OomScope::kMachine;
  if (!reached) return;
  record->scope = DiesAsAWhole(folder, level.size()) ? OomScope::kGroup : OomScope::kCgroup;
  record->limit_bytes = limit;
  Copy(Level(Text(facts.name), facts.level_cut), record->cgroup);
}

}  // namespace

DeadRun DeadRunOf(const RecorderHeader& header) {
  DeadRun run;
  run.pid = header.pid;
  run.pid_is_global = header.pid_namespace == kFirstPidNamespace;
  run.program = std::string(header.program, strnlen(header.program, sizeof(header.program)));
  run.cgroup = header.cgroup;
  run.start_realtime_ns = header.start_realtime_ns;
  run.start_monotonic_ns = header.start_monotonic_ns;
  run.last_sign_ns =
      header.start_monotonic_ns + static_cast<int64_t>(header.tick_ms.load()) * 1'000'000;
  return run;
}

DeadRun DeadRunOf(const FileHeader& header, uint64_t duration_ms) {
  DeadRun run;
  run.pid = header.pid;
  run.pid_is_global = header.pid_namespace == kFirstPidNamespace;
  run.program = std::string(header.program, strnlen(header.program, sizeof(header.program)));
  run.cgroup = header.cgroup;
  run.start_realtime_ns = header.start_realtime_ns;
  run.start_monotonic_ns = header.start_monotonic_ns;
  run.last_sign_ns = header.start_monotonic_ns + static_cast<int64_t>(duration_ms) * 1'000'000;
  return run;
}

// "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT\n KEY=VALUE...": the kernel's own have a
// priority below 8, above the facility of the program that wrote it.
std::optional<KernelMessage> ParseKernelRecord(const std::string& record) {
  const size_t text = record.find(';');
  const size_t first = record.find(',');
  if (text == std::string::npos || first > text) return std::nullopt;
  const size_t second = record.find(',', first + 1);
  if (second > text) return std::nullopt;
  const std::optional<int64_t> priority = NumberAt(record);
  const std::optional<int64_t> time = NumberAt(std::string_view(record).substr(second + 1));
  if (!priority || *priority < 0 || *priority >= 8 || !time || *time < 0 ||
      *time > INT64_MAX / 1000)
    return std::nullopt;
  const std::string line = record.substr(text + 1);
  return KernelMessage{*time, line.substr(0, line.find('\n'))};
}

std::vector<KernelMessage> ReadKernelLog() {
  std::vector<KernelMessage> log;
  const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return log;
  char buffer[8192];  // a record is no longer
  for (size_t i = 0; i < kMostMessages; ++i) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && (errno == EINTR || errno == EPIPE)) continue;  // EPIPE: overwritten meanwhile
    if (got <= 0) break;
    std::optional<KernelMessage> message =
        ParseKernelRecord(std::string(buffer, static_cast<size_t>(got)));
    if (message) log.push_back(*std::move(message));
  }
  close(fd);
  return log;
}

std::optional<OomRecord> OomKillInLog(const DeadRun& run, const std::vector<KernelMessage>& log) {
  const std::vector<LoggedKill> kills = KillsIn(log);
  const LoggedKill* found = nullptr;
  for (const LoggedKill& kill : kills) {
    if (!IsOf(kill, run)) continue;
    if (found != nullptr && !run.pid_is_global) return std::nullopt;  // which of them it was
    if (found == nullptr) found = &kill;
  }
  if (found == nullptr) return std::nullopt;
  const int64_t latest = run.ended_ns != 0 ? run.ended_ns : INT64_MAX;
  OomRecord record =
      RecordOf(OomWitness::kKernelLog,
               std::clamp(found->at_ns, std::min(run.last_sign_ns, latest), latest), run);
  record.scope = found->scope;
  record.limit_bytes = found->limit_bytes;
  Copy(found->cgroup, record.cgroup);
  return record;
}

bool LogCovers(const DeadRun& run, const std::vector<KernelMessage>& log) {
  return run.pid_is_global && !log.empty() &&
         log.front().microseconds * 1000 < run.last_sign_ns - kClockSlackNs;
}

std::optional<OomRecord> OomKillByCounter(const DeadRun& run, int64_t now_ns,
                                          const std::string& root) {
  const int64_t asked_after = now_ns - (run.ended_ns != 0 ? run.ended_ns : run.last_sign_ns);
  if (run.cgroup.id == 0 || run.cgroup.oom_kills_before < 0 || asked_after > kCounterIsFreshNs)
    return std::nullopt;
  const std::string folder = root + Text(run.cgroup.folder);
  const CgroupFiles* files = FilesOf(folder, run.cgroup.id);
  if (files == nullptr) return std::nullopt;
  const std::optional<int64_t> kills = ReadKey(folder + files->events, "oom_kill ");
  if (!kills || *kills <= run.cgroup.oom_kills_before) return std::nullopt;
  OomRecord record = RecordOf(OomWitness::kCgroupCounter,
                              run.ended_ns != 0 ? run.ended_ns : run.last_sign_ns, run);
  TakeLevel(folder, *files, run.cgroup, &record);
  return record;
}

namespace {

const std::vector<KernelMessage>& KeptLog(int64_t now_ns) {
  thread_local std::vector<KernelMessage> log;
  thread_local int64_t read_ns = 0;
  if (read_ns == 0 || now_ns - read_ns > kSecondNs) {
    log = ReadKernelLog();
    read_ns = now_ns;
  }
  return log;
}

}  // namespace

std::optional<OomRecord> FindOomKillInLog(const DeadRun& run) {
  return OomKillInLog(run, KeptLog(MonotonicNs()));
}

std::optional<OomRecord> FindOomKill(const DeadRun& run) {
  const int64_t now_ns = MonotonicNs();
  const std::vector<KernelMessage>& log = KeptLog(now_ns);
  if (std::optional<OomRecord> found = OomKillInLog(run, log)) return found;
  return LogCovers(run, log) ? std::nullopt : OomKillByCounter(run, now_ns);
}

std::optional<OomKill> OomKillOf(const OomRecord& record) {
  if (record.by != OomWitness::kCgroupCounter && record.by != OomWitness::kKernelLog)
    return std::nullopt;
  if (record.scope > OomScope::kMachine) return std::nullopt;
  OomKill kill;
  kill.by = record.by;
  kill.scope = record.scope;
  kill.limit_bytes = record.limit_bytes > 0 ? record.limit_bytes : kNotKnown;
  kill.realtime_ns = record.realtime_ns;
  kill.cgroup = Text(record.cgroup);
  return kill;
}

}  // namespace leaktrack::capture
