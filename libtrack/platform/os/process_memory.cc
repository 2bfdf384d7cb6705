// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/process_memory.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <initializer_list>

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

// v1 expresses "no limit" by a number near 2^63. No machine has 2^60 bytes.
constexpr int64_t kNoLimit = int64_t{1} << 60;

void Copy(char* to, std::string_view from) {
  for (size_t i = 0; i < from.size(); ++i) to[i] = from[i];
}

// Removes the first line of `text` and returns it.
std::string_view TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  const std::string_view line = AtMost(*text, end);
  *text = end == std::string_view::npos ? std::string_view{} : From(*text, end + 1);
  return line;
}

std::string_view TakeWord(std::string_view* text) {
  while (!text->empty() && (text->front() == ' ' || text->front() == '\t')) text->remove_prefix(1);
  const size_t end = text->find_first_of(" \t\n");
  const std::string_view word = AtMost(*text, end);
  text->remove_prefix(word.size());
  return word;
}

// The number at the start of `text`, after blanks. "max" and everything else that is not a number
// is not known.
int64_t Number(std::string_view text) {
  const std::string_view word = TakeWord(&text);
  int64_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9' || value > (INT64_MAX - 9) / 10) return kMemoryNotKnown;
    value = value * 10 + (c - '0');
  }
  return word.empty() ? kMemoryNotKnown : value;
}

int64_t Kibibytes(std::string_view text) {
  const int64_t value = Number(text);
  return value < 0 || value > INT64_MAX / 1024 ? kMemoryNotKnown : value * 1024;
}

// The number behind `key` ("oom_kill ") at the start of a line.
int64_t NumberOfKey(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = TakeLine(&text);
    if (StartsWith(line, key)) return Number(From(line, key.size()));
  }
  return kMemoryNotKnown;
}

bool HasListItem(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const size_t end = list.find(',');
    if (AtMost(list, end) == item) return true;
    list = end == std::string_view::npos ? std::string_view{} : From(list, end + 1);
  }
  return false;
}

int64_t AddressSpaceLimit() {
  rlimit64 limit{};
  if (raw::Call(SYS_prlimit64, 0, RLIMIT_AS, 0, raw::Ptr(&limit)) != 0) return kMemoryNotKnown;
  return limit.rlim_cur >= static_cast<uint64_t>(kNoLimit) ? kMemoryNotKnown
                                                           : static_cast<int64_t>(limit.rlim_cur);
}

// Calls use(line) for every line of the file until it returns true. Lines longer than the buffer
// are skipped.
template <typename Use>
bool ForEachLine(int fd, char* buffer, size_t capacity, Use use) {
  size_t held = 0;
  bool skipping = false;
  for (;;) {
    const long got = raw::Read(fd, buffer + held, capacity - held);
    if (got <= 0) return false;
    held += static_cast<size_t>(got);
    size_t start = 0;
    for (size_t i = 0; i < held; ++i) {
      if (buffer[i] != '\n') continue;
      if (!skipping && use(std::string_view(buffer + start, i - start))) return true;
      skipping = false;
      start = i + 1;
    }
    if (start == 0 && held == capacity) {
      skipping = true;
      start = held;
    }
    for (size_t i = start; i < held; ++i) buffer[i - start] = buffer[i];
    held -= start;
  }
}

}  // namespace

void ProcessMemoryReader::Open(std::string_view root) {
  Close();
  if (root.size() >= kPathBytes) return;
  Copy(root_, root);
  root_bytes_ = root.size();
  status_ = OpenPath(root, "/proc/thread-self/status");
  // Before Linux 3.17.
  if (status_.fd_plus_one == 0) status_ = OpenPath(root, "/proc/self/status");
  meminfo_ = OpenPath(root, "/proc/meminfo");
  FindCgroup();
  ChooseLevel();
  OpenEvents();
}

void ProcessMemoryReader::Close() {
  for (File* file : {&status_, &meminfo_, &current_, &max_, &events_, &pressure_, &stat_})
    CloseFile(file);
  cgroup_kind_ = CgroupKind::kNone;
  cgroup_bytes_ = mount_bytes_ = level_bytes_ = root_bytes_ = name_bytes_ = 0;
  reads_ = 0;
}

void ProcessMemoryReader::Read(MemoryReading* out) {
  *out = MemoryReading{};
  out->rlimit_as = AddressSpaceLimit();
  struct Line {
    std::string_view key;
    int64_t* value;
  };
  const Line status_lines[] = {{"VmRSS:", &out->rss},           {"RssAnon:", &out->anonymous},
                               {"RssFile:", &out->file},        {"RssShmem:", &out->shared},
                               {"VmSwap:", &out->swap},         {"VmStk:", &out->stack},
                               {"VmSize:", &out->address_space}};
  for (std::string_view text = ReadFile(status_); !text.empty();) {
    const std::string_view line = TakeLine(&text);
    for (const Line& wanted : status_lines) {
      if (StartsWith(line, wanted.key)) *wanted.value = Kibibytes(From(line, wanted.key.size()));
    }
    if (StartsWith(line, "Threads:")) out->threads = Number(From(line, 8));
  }
  // The machine's values change slowly and /proc/meminfo is expensive (8 us): one reading in eight.
  if (reads_ % 8 == 0) {
    machine_total_ = machine_available_ = kMemoryNotKnown;
    for (std::string_view text = ReadFile(meminfo_); !text.empty();) {
      const std::string_view line = TakeLine(&text);
      if (StartsWith(line, "MemTotal:")) machine_total_ = Kibibytes(From(line, 9));
      if (StartsWith(line, "MemAvailable:")) machine_available_ = Kibibytes(From(line, 13));
    }
  }
  out->machine_total = machine_total_;
  out->machine_available = machine_available_;
  if (reads_ != 0 && reads_ % kReadsPerChoice == 0) ChooseLevel();
  ReadCgroup(out);
  ++reads_;
}

std::string_view ProcessMemoryReader::ReadFile(File file) {
  if (file.fd_plus_one == 0) return {};
  const long got = raw::Call(SYS_pread64, file.fd_plus_one - 1, raw::Ptr(buffer_), kBufferBytes, 0);
  return got <= 0 ? std::string_view{} : std::string_view(buffer_, static_cast<size_t>(got));
}

std::string_view ProcessMemoryReader::ReadPath(std::string_view folder, std::string_view name) {
  File file = OpenPath(folder, name);
  const std::string_view text = ReadFile(file);
  CloseFile(&file);
  return text;
}

ProcessMemoryReader::File ProcessMemoryReader::OpenPath(std::string_view folder,
                                                        std::string_view name) {
  char path[kPathBytes + 32];
  if (folder.size() + name.size() >= sizeof path) return {};
  Copy(path, folder);
  Copy(path + folder.size(), name);
  path[folder.size() + name.size()] = 0;
  const int fd = raw::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  return {fd < 0 ? 0 : fd + 1};
}

void ProcessMemoryReader::CloseFile(File* file) {
  if (file->fd_plus_one != 0) raw::Close(file->fd_plus_one - 1);
  file->fd_plus_one = 0;
}

// /proc/self/cgroup has lines "number:controllers:path". A v1 line that lists "memory" wins: if v1
// has the memory controller, the v2 line ("0::/path") has none.
void ProcessMemoryReader::FindCgroup() {
  char v1[kPathBytes], v2[kPathBytes];
  size_t v1_bytes = 0, v2_bytes = 0;
  File file = OpenPath({root_, root_bytes_}, "/proc/self/cgroup");
  if (file.fd_plus_one == 0) return;
  (void)ForEachLine(file.fd_plus_one - 1, buffer_, kBufferBytes, [&](std::string_view line) {
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) return false;
    const std::string_view controllers = From(AtMost(line, second), first + 1),
                           path = From(line, second + 1);
    if (path.empty() || path.size() > kPathBytes) return false;
    if (controllers.empty() && StartsWith(line, "0:")) Copy(v2, path), v2_bytes = path.size();
    if (HasListItem(controllers, "memory")) Copy(v1, path), v1_bytes = path.size();
    return false;
  });
  CloseFile(&file);
  if (v1_bytes != 0 && FindMount("cgroup", "memory", {v1, v1_bytes})) {
    cgroup_kind_ = CgroupKind::kV1;
  } else if (v2_bytes != 0 && FindMount("cgroup2", {}, {v2, v2_bytes})) {
    cgroup_kind_ = CgroupKind::kV2;
  }
}

bool ProcessMemoryReader::FindMount(std::string_view kind, std::string_view option,
                                    std::string_view cgroup_path) {
  File file = OpenPath({root_, root_bytes_}, "/proc/self/mountinfo");
  if (file.fd_plus_one == 0) return false;
  const bool found = ForEachLine(
      file.fd_plus_one - 1, buffer_, kBufferBytes,
      [&](std::string_view line) { return TakeMount(line, kind, option, cgroup_path); });
  CloseFile(&file);
  return found;
}

// Parses a line of mountinfo: "id parent device ROOT MOUNT_POINT options [tags...] - KIND source
// SUPER_OPTIONS".
bool ProcessMemoryReader::TakeMount(std::string_view line, std::string_view kind,
                                    std::string_view option, std::string_view cgroup_path) {
  const size_t dash = line.find(" - ");
  if (dash == std::string_view::npos) return false;
  std::string_view tail = From(line, dash + 3);
  if (TakeWord(&tail) != kind) return false;
  TakeWord(&tail);
  if (!option.empty() && !HasListItem(TakeWord(&tail), option)) return false;
  for (int i = 0; i < 3; ++i) TakeWord(&line);
  const std::string_view mount_root = TakeWord(&line), mount_point = TakeWord(&line);

  // Our path below the mount is our path without the part that was mounted. Inside a container's
  // own namespace the path may begin with "/.." or have nothing to do with the mount's root. Then
  // the mount point is our cgroup.
  std::string_view below;
  if (mount_root == "/")
    below = cgroup_path;
  else if (StartsWith(cgroup_path, mount_root))
    below = From(cgroup_path, mount_root.size());
  if (below == "/" || StartsWith(below, "/..") || (!below.empty() && below.front() != '/'))
    below = {};
  if (root_bytes_ + mount_point.size() + below.size() > kPathBytes) return false;
  Copy(name_, cgroup_path);
  name_bytes_ = cgroup_path.size();
  Copy(cgroup_, {root_, root_bytes_});
  Copy(cgroup_ + root_bytes_, mount_point);
  mount_bytes_ = root_bytes_ + mount_point.size();
  Copy(cgroup_ + mount_bytes_, below);
  cgroup_bytes_ = mount_bytes_ + below.size();
  return true;
}

int64_t ProcessMemoryReader::ReadLimit(std::string_view folder) {
  const bool v1 = cgroup_kind_ == CgroupKind::kV1;
  const int64_t limit = Number(ReadPath(folder, v1 ? "/memory.limit_in_bytes" : "/memory.max"));
  return limit >= kNoLimit ? kMemoryNotKnown : limit;
}

void ProcessMemoryReader::ChooseLevel() {
  if (cgroup_kind_ == CgroupKind::kNone) return;
  size_t chosen = cgroup_bytes_;
  int64_t smallest = kMemoryNotKnown;
  for (size_t bytes = cgroup_bytes_;;) {
    const int64_t limit = ReadLimit({cgroup_, bytes});
    if (limit >= 0 && (smallest < 0 || limit < smallest)) smallest = limit, chosen = bytes;
    if (bytes <= mount_bytes_) break;
    do --bytes;
    while (bytes > mount_bytes_ && cgroup_[bytes] != '/');
  }
  if (chosen == level_bytes_) return;
  level_bytes_ = chosen;
  const bool v1 = cgroup_kind_ == CgroupKind::kV1;
  const std::string_view folder(cgroup_, chosen);
  for (File* file : {&current_, &max_, &pressure_, &stat_}) CloseFile(file);
  current_ = OpenPath(folder, v1 ? "/memory.usage_in_bytes" : "/memory.current");
  max_ = OpenPath(folder, v1 ? "/memory.limit_in_bytes" : "/memory.max");
  stat_ = OpenPath(folder, "/memory.stat");
  if (!v1) pressure_ = OpenPath(folder, "/memory.pressure");  // v1 has no pressure of its own
}

void ProcessMemoryReader::OpenEvents() {
  if (cgroup_kind_ == CgroupKind::kNone) return;
  events_ = OpenPath({cgroup_, cgroup_bytes_},
                     cgroup_kind_ == CgroupKind::kV1 ? "/memory.oom_control" : "/memory.events");
}

int64_t ProcessMemoryReader::ReadOomKills() { return NumberOfKey(ReadFile(events_), "oom_kill "); }

void ProcessMemoryReader::Describe(capture::CgroupFacts* out) {
  *out = capture::CgroupFacts{};
  out->oom_kills_before = kMemoryNotKnown;
  struct stat info {};
  if (events_.fd_plus_one == 0 || level_bytes_ == 0) return;
  if (cgroup_bytes_ >= sizeof out->folder || name_bytes_ >= sizeof out->name) return;
  Copy(out->folder, {cgroup_, cgroup_bytes_});
  Copy(out->name, {name_, name_bytes_});
  out->level_cut = static_cast<uint32_t>(cgroup_bytes_ - level_bytes_);
  if (raw::Call(SYS_fstat, events_.fd_plus_one - 1, raw::Ptr(&info)) == 0) out->id = info.st_ino;
  out->oom_kills_before = ReadOomKills();
}

// File pages, mapped or not, which the kernel drops before it kills. Shared memory is not included.
int64_t ProcessMemoryReader::ReadReclaimable() {
  const bool v1 = cgroup_kind_ == CgroupKind::kV1;
  const std::string_view stat = ReadFile(stat_);
  const int64_t active = NumberOfKey(stat, v1 ? "total_active_file " : "active_file ");
  const int64_t inactive = NumberOfKey(stat, v1 ? "total_inactive_file " : "inactive_file ");
  return active < 0 || inactive < 0 ? kMemoryNotKnown : active + inactive;
}

uint64_t ProcessMemoryReader::LimitId() {
  struct stat info {};
  const int64_t limit = max_.fd_plus_one != 0 ? Number(ReadFile(max_)) : kMemoryNotKnown;
  const bool limited = limit >= 0 && limit < kNoLimit;
  return limited && raw::Call(SYS_fstat, max_.fd_plus_one - 1, raw::Ptr(&info)) == 0 ? info.st_ino
                                                                                     : 0;
}

void ProcessMemoryReader::ReadCgroup(MemoryReading* out) {
  if (reads_ % 8 == 0) reclaimable_ = ReadReclaimable();  // expensive, like /proc/meminfo
  out->cgroup_reclaimable = reclaimable_;
  out->cgroup_current = Number(ReadFile(current_));
  const int64_t limit = Number(ReadFile(max_));
  out->cgroup_max = limit >= kNoLimit ? kMemoryNotKnown : limit;
  out->oom_kills = ReadOomKills();
  std::string_view some = ReadFile(pressure_);
  if (!StartsWith(some, "some ")) return;
  some = TakeLine(&some);
  const size_t total = some.find("total=");
  if (total != std::string_view::npos) out->psi_some_total_us = Number(From(some, total + 6));
}

}  // namespace leaktrack::track
