// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/cgroup_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "tools/live/model/host.h"
#include "tools/live/read/text.h"

namespace leaktrack::live {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The kernel writes blanks in paths as \040.
std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain +=
          static_cast<char>(std::strtol(std::string(text.substr(i + 1, 3)).c_str(), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
std::optional<CgroupMount> MountIn(std::string_view line) {
  const std::vector<std::string_view> words = Words(line);
  const auto dash = std::ranges::find(words, "-");
  if (words.size() < 7 || words.end() - dash < 4) return std::nullopt;
  const std::string_view kind = dash[1];
  const std::string options = "," + std::string(dash[3]) + ",";
  const bool first = kind == "cgroup" && options.find(",memory,") != std::string::npos;
  if (!first && kind != "cgroup2") return std::nullopt;
  return CgroupMount{Unescape(words[4]), Unescape(words[3]), first ? 1 : 2};
}

int64_t SumKnown(int64_t a, int64_t b) {
  if (a < 0 && b < 0) return kUnknown;
  return std::max<int64_t>(a, 0) + std::max<int64_t>(b, 0);
}

}  // namespace

std::optional<CgroupMount> FindMemoryMount(std::string_view mountinfo) {
  std::optional<CgroupMount> best;
  ForEachLine(mountinfo, [&](std::string_view line) {
    std::optional<CgroupMount> mount = MountIn(line);
    if (mount && (!best || (best->version == 2 && mount->version == 1))) best = std::move(mount);
  });
  return best;
}

double PressureIn(std::string_view text) {
  const size_t average = text.find("avg10=");
  if (!text.starts_with("some") || average == std::string_view::npos) return kUnknown;
  return std::strtod(std::string(text.substr(average + 6, 12)).c_str(), nullptr);
}

std::string CgroupReader::FolderOf(const std::string& path) const {
  std::string below = path;
  const std::string& root = mount_->root;
  // With a namespace of its own the process sees paths from the mount's root on.
  if (root != "/" && below.starts_with(root) &&
      (below.size() == root.size() || below[root.size()] == '/'))
    below.erase(0, root.size());
  return below == "/" || below.empty() ? mount_->folder : mount_->folder + below;
}

void CgroupReader::ReadVersion1(const std::string& folder, CgroupReading& cgroup) const {
  cgroup.current = ReadNumber(folder + "/memory.usage_in_bytes");
  cgroup.max = ReadLimit(folder + "/memory.limit_in_bytes");
  cgroup.high = ReadLimit(folder + "/memory.soft_limit_in_bytes");
  const std::string stat = ReadSmall(folder + "/memory.stat").value_or("");
  cgroup.anonymous = FieldIn(stat, "total_rss");
  cgroup.shared = FieldIn(stat, "total_shmem");
  cgroup.cache = SumKnown(FieldIn(stat, "total_inactive_file"), FieldIn(stat, "total_active_file"));
  cgroup.kernel = ReadNumber(folder + "/memory.kmem.usage_in_bytes");
  cgroup.sockets = ReadNumber(folder + "/memory.kmem.tcp.usage_in_bytes");
  const std::string oom = ReadSmall(folder + "/memory.oom_control").value_or("");
  cgroup.oom_kills = FieldIn(oom, "oom_kill");
}

void CgroupReader::ReadVersion2(const std::string& folder, CgroupReading& cgroup) const {
  cgroup.current = ReadNumber(folder + "/memory.current");
  cgroup.max = ReadLimit(folder + "/memory.max");
  cgroup.high = ReadLimit(folder + "/memory.high");
  const std::string stat = ReadSmall(folder + "/memory.stat").value_or("");
  cgroup.anonymous = FieldIn(stat, "anon");
  cgroup.shared = FieldIn(stat, "shmem");
  cgroup.sockets = FieldIn(stat, "sock");
  cgroup.kernel = FieldIn(stat, "kernel");
  if (cgroup.kernel < 0) cgroup.kernel = FieldIn(stat, "slab");
  cgroup.cache = SumKnown(FieldIn(stat, "inactive_file"), FieldIn(stat, "active_file"));
  const int64_t slab = FieldIn(stat, "slab_reclaimable");
  if (cgroup.cache >= 0 && slab > 0) cgroup.cache += slab;
  // Of this level alone where the kernel tells it: a kill in a child is the child's.
  const std::string own = ReadSmall(folder + "/memory.events.local").value_or("");
  cgroup.oom_kills = FieldIn(own, "oom_kill");
  if (cgroup.oom_kills < 0)
    cgroup.oom_kills = FieldIn(ReadSmall(folder + "/memory.events").value_or(""), "oom_kill");
  cgroup.oom_group = ReadNumber(folder + "/memory.oom.group") == 1;
}

std::optional<CgroupReading> CgroupReader::Read(const std::string& path) const {
  struct stat info {};
  // No way up and out of the mount, whatever a process is said to live in.
  if (!mount_ || path.find("/..") != std::string::npos) return std::nullopt;
  const std::string folder = FolderOf(path);
  if (stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return std::nullopt;
  CgroupReading cgroup;
  cgroup.path = path;
  cgroup.version = mount_->version;
  if (cgroup.version == 1)
    ReadVersion1(folder, cgroup);
  else
    ReadVersion2(folder, cgroup);
  cgroup.pressure = PressureIn(ReadSmall(folder + "/memory.pressure").value_or(""));
  // The root of version 2 has no such files.
  if (cgroup.current < 0 && cgroup.anonymous < 0) return std::nullopt;
  return cgroup;
}

void CgroupReader::ReadAll(HostReading& reading) const {
  std::set<std::string> paths;
  for (const ProcessReading& process : reading.processes) {
    for (std::string& level : LevelsOf(process.cgroup)) paths.insert(std::move(level));
  }
  size_t read = 0;
  for (const std::string& path : paths) {
    if (++read > kMostCgroups) break;
    if (std::optional<CgroupReading> cgroup = Read(path))
      reading.cgroups.push_back(*std::move(cgroup));
  }
  reading.unseen.no_cgroups = reading.cgroups.empty();
}

}  // namespace leaktrack::live
