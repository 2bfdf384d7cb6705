// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/process_reader.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "tools/live/read/text.h"

namespace leaktrack::live {
namespace {

constexpr uint32_t kReadingsPerCgroup = 20;
constexpr size_t kMostSmaps = 16 << 20;
constexpr size_t kMostDescriptors = 100'000;
constexpr uint64_t kArenaBytes = 64 << 20;  // glibc's heaps begin at such addresses

int64_t KibibytesIn(std::string_view text, std::string_view key) {
  const int64_t kibibytes = FieldIn(text, key);
  return kibibytes < 0 ? kUnknown : kibibytes << 10;
}

// What stands behind the name, which may hold anything: "... ) S 1 ...".
std::string_view AfterName(std::string_view stat) {
  const size_t end = stat.rfind(')');
  return end == std::string_view::npos ? std::string_view() : stat.substr(end + 1);
}

// The field of this number, counted as proc(5) does: the state is the third.
std::string_view StatField(std::string_view stat, size_t number) {
  std::string_view rest = AfterName(stat);
  for (size_t field = 3; !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const size_t end = std::min(rest.find(' '), rest.size());
    if (field == number) return rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return {};
}

std::string NameIn(std::string_view stat) {
  const size_t begin = stat.find('(');
  const size_t end = stat.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end <= begin) return "";
  return std::string(stat.substr(begin + 1, end - begin - 1));
}

// Processes among the entries; what else is there has other names.
std::vector<pid_t> PidsIn(const std::string& proc) {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(proc.c_str()), closedir);
  while (directory != nullptr) {
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    const auto result = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (result.ec == std::errc() && result.ptr == name.data() + name.size() && pid > 0)
      pids.push_back(pid);
  }
  std::ranges::sort(pids);
  return pids;
}

int64_t CountDescriptors(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (directory == nullptr) return kUnknown;
  int64_t count = -2;  // "." and ".."
  while (readdir(directory.get()) != nullptr && count < static_cast<int64_t>(kMostDescriptors))
    ++count;
  return std::max<int64_t>(count, 0);
}

void FillMemory(std::string_view status, ProcessReading& process) {
  process.resident = KibibytesIn(status, "VmRSS");
  process.anonymous = KibibytesIn(status, "RssAnon");
  process.files = KibibytesIn(status, "RssFile");
  process.shared = KibibytesIn(status, "RssShmem");
  process.swap = KibibytesIn(status, "VmSwap");
  process.threads = FieldIn(status, "Threads");
  const int64_t uid = FieldIn(status, "Uid");
  process.uid = uid < 0 ? 0 : static_cast<uid_t>(uid);
}

enum class Mapping : uint8_t { kHeap, kAnonymous, kStack, kFile, kShared };

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

// "7f0000000000-7f0000021000 rw-p 00000000 00:00 0   [heap]"; empty: no such line.
std::optional<Mapping> MappingIn(std::string_view line) {
  if (line.empty() || !IsHex(line[0])) return std::nullopt;
  const size_t dash = line.find('-');
  const size_t blank = line.find(' ');
  if (dash == std::string_view::npos || blank == std::string_view::npos || dash > blank)
    return std::nullopt;
  uint64_t start = 0;
  std::from_chars(line.data(), line.data() + dash, start, 16);
  std::string_view path = line.substr(blank);
  for (int field = 0; field < 4; ++field) {
    path.remove_prefix(std::min(path.find_first_not_of(' '), path.size()));
    path.remove_prefix(std::min(path.find(' '), path.size()));
  }
  path.remove_prefix(std::min(path.find_first_not_of(' '), path.size()));
  const bool arena = path.empty() && start % kArenaBytes == 0;
  if (path == "[heap]" || path.starts_with("[anon:glibc: malloc") || arena) return Mapping::kHeap;
  if (path.starts_with("[stack") || path.starts_with("[anon:glibc: pthread stack"))
    return Mapping::kStack;
  if (path.empty() || path.starts_with("[anon")) return Mapping::kAnonymous;
  const bool shared = path.starts_with("/dev/shm/") || path.starts_with("/memfd:") ||
                      path.starts_with("/SYSV") || path.starts_with("/dev/zero");
  return shared ? Mapping::kShared : Mapping::kFile;
}

int64_t* SumOf(Mapping mapping, MappedBytes& bytes) {
  switch (mapping) {
    case Mapping::kHeap:
      return &bytes.heap;
    case Mapping::kAnonymous:
      return &bytes.mappings;
    case Mapping::kStack:
      return &bytes.stacks;
    case Mapping::kFile:
      return &bytes.files;
    case Mapping::kShared:
      return &bytes.shared;
  }
  return &bytes.files;
}

}  // namespace

MappedBytes MappedIn(const std::string& smaps) {
  MappedBytes bytes;
  bytes.pss = 0;
  int64_t* sum = nullptr;
  ForEachLine(smaps, [&](std::string_view line) {
    if (const std::optional<Mapping> mapping = MappingIn(line)) {
      sum = SumOf(*mapping, bytes);
    } else if (sum != nullptr && line.starts_with("Rss:")) {
      *sum += std::max<int64_t>(KibibytesIn(line, "Rss"), 0);
    } else if (line.starts_with("Pss:")) {
      bytes.pss += std::max<int64_t>(KibibytesIn(line, "Pss"), 0);
    }
  });
  return bytes;
}

std::string CgroupIn(const std::string& text, bool memory_controller) {
  std::string found;
  ForEachLine(text, [&](std::string_view line) {
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) return;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool memory =
        ("," + std::string(controllers) + ",").find(",memory,") != std::string::npos;
    if (memory_controller ? memory : controllers.empty()) found = line.substr(second + 1);
  });
  return found;
}

bool ProcessReader::ReadOne(pid_t pid, double uptime, bool memory_controller,
                            ProcessReading& process) {
  const std::string folder = proc_ + "/" + std::to_string(pid);
  const std::optional<std::string> stat = ReadSmall(folder + "/stat");
  const std::optional<std::string> status = ReadSmall(folder + "/status");
  if (!stat || !status) return false;
  const int64_t start = NumberIn(StatField(*stat, 22));
  if (start < 0) return false;
  process.key = {pid, static_cast<uint64_t>(start)};
  process.name = NameIn(*stat);
  process.age_seconds = std::max(
      0.0, uptime - static_cast<double>(start) / static_cast<double>(sysconf(_SC_CLK_TCK)));
  FillMemory(*status, process);
  Known& known = known_[process.key];
  if (known.age++ % kReadingsPerCgroup == 0)
    known.cgroup = CgroupIn(ReadSmall(folder + "/cgroup").value_or(""), memory_controller);
  process.cgroup = known.cgroup;
  return true;
}

void ProcessReader::ReadAll(bool memory_controller, HostReading& reading) {
  const double uptime = std::strtod(ReadSmall(proc_ + "/uptime").value_or("0").c_str(), nullptr);
  std::map<ProcessKey, Known> still;
  for (const pid_t pid : PidsIn(proc_)) {
    ProcessReading process;
    if (!ReadOne(pid, uptime, memory_controller, process)) {
      ++reading.unseen.processes;
      continue;
    }
    still.insert(known_.extract(process.key));
    // Kernel threads and zombies hold nothing.
    if (process.resident >= 0) reading.processes.push_back(std::move(process));
  }
  known_ = std::move(still);
}

void ProcessReader::ReadClosely(const std::vector<ProcessKey>& keys, HostReading& reading) {
  for (ProcessReading& process : reading.processes) {
    if (std::ranges::find(keys, process.key) == keys.end()) continue;
    const std::string folder = proc_ + "/" + std::to_string(process.key.pid);
    const std::optional<std::string> smaps = ReadSmall(folder + "/smaps", kMostSmaps);
    if (!smaps) {
      // Not permitted, unless it is gone.
      reading.unseen.unreadable += access((folder + "/status").c_str(), F_OK) == 0 ? 1 : 0;
      continue;
    }
    process.closely = MappedIn(*smaps);
    process.closely->descriptors = CountDescriptors(folder + "/fd");
  }
}

}  // namespace leaktrack::live
