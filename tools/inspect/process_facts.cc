// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/process_facts.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace leaktrack {
namespace {

std::string ProcPath(pid_t pid, const char* name) { return absl::StrCat("/proc/", pid, "/", name); }

std::optional<std::string> ReadProc(pid_t pid, const char* name) {
  std::ifstream file(ProcPath(pid, name), std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return std::nullopt;
  return text;
}

std::string ReadLink(pid_t pid, const char* name) {
  std::error_code error;
  return std::filesystem::read_symlink(ProcPath(pid, name), error).string();
}

// The n-th number of the line "Key:\t1\t2...".
int64_t StatusNumber(const std::string& status, absl::string_view key, size_t n) {
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    if (!absl::StartsWith(line, key) || line.size() <= key.size() || line[key.size()] != ':')
      continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line.substr(key.size() + 1), absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t value = 0;
    return n < words.size() && absl::SimpleAtoi(words[n], &value) ? value : 0;
  }
  return 0;
}

void ReadStatus(const std::string& status, ProcessFacts& facts) {
  facts.parent = static_cast<pid_t>(StatusNumber(status, "PPid", 0));
  facts.uid = static_cast<uid_t>(StatusNumber(status, "Uid", 1));
  facts.gid = static_cast<gid_t>(StatusNumber(status, "Gid", 1));
  facts.seccomp = static_cast<int>(StatusNumber(status, "Seccomp", 0));
}

void ReadMaps(const std::string& maps, ProcessFacts& facts) {
  std::set<std::string> seen;
  for (const absl::string_view line : absl::StrSplit(maps, '\n')) {
    const size_t path = line.find(" /");
    if (path == absl::string_view::npos) continue;
    std::string file(line.substr(path + 1));
    if (seen.insert(file).second) facts.libraries.push_back(std::move(file));
  }
}

void ReadEnvironment(const std::string& environment, ProcessFacts& facts) {
  for (const absl::string_view entry : absl::StrSplit(environment, '\0')) {
    if (absl::StartsWith(entry, "LD_PRELOAD=") && absl::StrContains(entry, "libleaktrack.so"))
      facts.preload_asked = true;
    if (absl::StartsWith(entry, "LEAKTRACK_OUT="))
      facts.output = std::string(entry.substr(strlen("LEAKTRACK_OUT=")));
  }
}

bool ReadSecure(const std::string& auxv) {
  for (size_t at = 0; at + sizeof(Elf64_auxv_t) <= auxv.size(); at += sizeof(Elf64_auxv_t)) {
    Elf64_auxv_t entry;
    memcpy(&entry, auxv.data() + at, sizeof entry);
    if (entry.a_type == AT_SECURE) return entry.a_un.a_val != 0;
  }
  return false;
}

bool SameFile(const std::string& a, const std::string& b) {
  struct stat first {
  }, second{};
  if (stat(a.c_str(), &first) != 0 || stat(b.c_str(), &second) != 0) return true;  // unknown
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// The same root directory may hold other mounts.
bool SeesOurFiles(pid_t pid) {
  return SameFile(ProcPath(pid, "root"), "/proc/self/root") &&
         SameFile(ProcPath(pid, "ns/mnt"), "/proc/self/ns/mnt");
}

// Turns a path from our root, as the kernel gives it, into a path from the process's root.
void CutRoot(const std::string& root, std::string& path) {
  if (root.size() > 1 && path.size() > root.size() && path.starts_with(root) &&
      path[root.size()] == '/')
    path.erase(0, root.size());
  else if (path == root)
    path = "/";
}

}  // namespace

std::optional<ProcessFacts> ReadProcessFacts(pid_t pid) {
  const std::optional<std::string> status = ReadProc(pid, "status");
  if (!status) return std::nullopt;
  ProcessFacts facts;
  facts.pid = pid;
  ReadStatus(*status, facts);
  facts.executable = ReadLink(pid, "exe");
  facts.file = ProcPath(pid, "exe");
  facts.output = ReadLink(pid, "cwd");
  if (!SeesOurFiles(pid)) facts.root = ProcPath(pid, "root");
  const auto maps = ReadProc(pid, "maps"), environment = ReadProc(pid, "environ"),
             auxv = ReadProc(pid, "auxv");
  facts.readable = maps && environment && auxv;
  const std::string root = ReadLink(pid, "root");
  CutRoot(root, facts.executable);
  CutRoot(root, facts.output);
  if (maps) ReadMaps(*maps, facts);
  if (environment) ReadEnvironment(*environment, facts);
  if (auxv) facts.secure = ReadSecure(*auxv);
  return facts;
}

int SeccompMode(pid_t pid) {
  const std::optional<std::string> status = ReadProc(pid, "status");
  return status ? static_cast<int>(StatusNumber(*status, "Seccomp", 0)) : 0;
}

}  // namespace leaktrack
