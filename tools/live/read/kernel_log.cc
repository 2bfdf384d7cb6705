// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <utility>

#include "tools/live/read/text.h"

namespace leaktrack::live {
namespace {

constexpr size_t kMostLog = 32 << 20;
constexpr int64_t kPageBytes = 4096;

// What stands between "key=" and the next comma.
std::string_view ValueOf(std::string_view text, std::string_view key) {
  const size_t at = text.find(std::string(key) + "=");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size() + 1);
  return text.substr(0, text.find(','));
}

int64_t KibibytesAfter(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  const int64_t kibibytes = at == text.npos ? kUnknown : NumberIn(text.substr(at + key.size()));
  return kibibytes < 0 ? kUnknown : kibibytes << 10;
}

// One record: "6,35325,27701325409,-;text". The third figure are microseconds.
struct Record {
  double seconds = 0;
  std::string_view text;
};

std::optional<Record> RecordIn(std::string_view line) {
  const size_t text = line.find(';');
  if (text == line.npos || line.starts_with(' ')) return std::nullopt;
  const size_t first = line.find(',');
  const size_t second = first == line.npos ? first : line.find(',', first + 1);
  if (second == line.npos || second > text) return std::nullopt;
  const int64_t microseconds = NumberIn(line.substr(second + 1));
  if (microseconds < 0) return std::nullopt;
  return Record{static_cast<double>(microseconds) / 1e6, line.substr(text + 1)};
}

struct Task {
  pid_t pid = 0;
  int64_t resident = kUnknown;
  std::string name;
};

// "[  16594]     0 16594     8329     7860 ... hog", in pages; the fourth figure is what it holds.
std::optional<Task> TaskIn(std::string_view text) {
  const size_t close = text.find(']');
  if (!text.starts_with('[') || close == text.npos) return std::nullopt;
  Task task;
  task.pid = static_cast<pid_t>(NumberIn(text.substr(1, close - 1)));
  if (task.pid <= 0) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  for (int field = 1; !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const size_t end = std::min(rest.find(' '), rest.size());
    if (field == 4) task.resident = NumberIn(rest.substr(0, end)) * kPageBytes;
    if (end == rest.size()) task.name = rest;
    rest.remove_prefix(end);
  }
  return task;
}

// Follows the records of one kill: the limit, the table of tasks, the line that names the victim.
class Reader {
 public:
  explicit Reader(double boot_time) : boot_time_(boot_time) {}

  void Take(const Record& record) {
    const std::string_view text = record.text;
    if (text.find("invoked oom-killer") != text.npos) {
      next_ = OomKill();
      tasks_.clear();
    } else if (text.starts_with("memory: usage ")) {
      next_.limit_bytes = std::max(KibibytesAfter(text, "limit "), kNoLimit);
    } else if (text.starts_with("oom-kill:")) {
      TakeSummary(text);
    } else if (text.find("are going to be killed due to memory.oom.group") != text.npos) {
      next_.whole_group = true;
      if (!kills_.empty()) kills_.back().whole_group = true;
    } else if (text.find("Killed process ") != text.npos) {
      TakeVictim(record);
    } else if (std::optional<Task> task = TaskIn(text)) {
      tasks_.push_back(*std::move(task));
    }
  }
  std::vector<OomKill> Kills() && { return std::move(kills_); }

 private:
  void TakeSummary(std::string_view text) {
    next_.scope = ValueOf(text, "constraint") == "CONSTRAINT_MEMCG" ? OomKill::Scope::kCgroup
                                                                    : OomKill::Scope::kMachine;
    next_.cgroup = ValueOf(text, "oom_memcg");
    next_.task_cgroup = ValueOf(text, "task_memcg");
  }

  void TakeVictim(const Record& record) {
    std::string_view text = record.text;
    text.remove_prefix(text.find("Killed process ") + 15);
    OomKill kill = next_;
    kill.proof = OomKill::Proof::kKernelLog;
    kill.pid = static_cast<pid_t>(std::max<int64_t>(NumberIn(text), 0));
    const size_t open = text.find('(');
    const size_t close = text.find(") total-vm");
    if (open < close && close != text.npos) kill.name = text.substr(open + 1, close - open - 1);
    kill.resident = KibibytesAfter(text, "anon-rss:");
    kill.time = static_cast<int64_t>(boot_time_ + record.seconds);
    const auto largest = std::ranges::max_element(tasks_, {}, &Task::resident);
    if (largest != tasks_.end() && largest->pid != kill.pid) {
      kill.largest = largest->name;
      kill.largest_resident = largest->resident;
    }
    kills_.push_back(std::move(kill));
    if (kills_.size() > kMostKills) kills_.erase(kills_.begin());
  }

  double boot_time_;
  OomKill next_;
  std::vector<Task> tasks_;
  std::vector<OomKill> kills_;
};

}  // namespace

std::optional<std::string> ReadKernelLog(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return std::nullopt;
  std::string log;
  char record[8192];
  while (log.size() < kMostLog) {
    const ssize_t bytes = read(file, record, sizeof(record));
    if (bytes < 0 && (errno == EPIPE || errno == EINTR)) continue;  // overwritten while we read
    if (bytes <= 0) break;
    log.append(record, static_cast<size_t>(bytes));
  }
  close(file);
  return log;
}

std::vector<OomKill> KillsIn(std::string_view log, double boot_time) {
  Reader reader(boot_time);
  ForEachLine(log, [&](std::string_view line) {
    if (const std::optional<Record> record = RecordIn(line)) reader.Take(*record);
  });
  std::vector<OomKill> kills = std::move(reader).Kills();
  std::ranges::reverse(kills);
  return kills;
}

void AddCountedKills(const std::vector<CgroupReading>& cgroups, std::vector<OomKill>& kills) {
  std::map<std::string, int64_t> told;
  for (const OomKill& kill : kills) {
    // The counter that goes up is that of the cgroup in which the victim lived (version 1 and 2
    // differ): either path may be it.
    ++told[kill.task_cgroup];
    if (kill.cgroup != kill.task_cgroup) ++told[kill.cgroup];
  }
  for (const CgroupReading& cgroup : cgroups) {
    if (cgroup.oom_kills <= told[cgroup.path]) continue;
    OomKill kill;
    kill.proof = OomKill::Proof::kCounter;
    kill.cgroup = cgroup.path;
    kill.limit_bytes = cgroup.max;
    kill.count = cgroup.oom_kills - told[cgroup.path];
    kill.whole_group = cgroup.oom_group;
    kills.push_back(std::move(kill));
  }
}

double BootTime() {
  timespec now{}, since_boot{};
  clock_gettime(CLOCK_REALTIME, &now);
  // The log's clock stands still while the machine sleeps.
  clock_gettime(CLOCK_MONOTONIC, &since_boot);
  return static_cast<double>(now.tv_sec - since_boot.tv_sec) +
         static_cast<double>(now.tv_nsec - since_boot.tv_nsec) / 1e9;
}

}  // namespace leaktrack::live
