// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/recorders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libtrack/capture/read/regular_file.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

std::string FixedText(const char* field, size_t size) {
  return std::string(field, strnlen(field, size));
}

// "host.program.4711.0123456789abcdef.ltk" -> 4711 and 0x0123456789abcdef.
bool ReadName(const std::string& path, uint32_t* pid, uint64_t* run_id) {
  const std::string stem = fs::path(path).stem().string();
  const size_t id_dot = stem.rfind('.');
  if (id_dot == std::string::npos || id_dot == 0 || stem.size() - id_dot - 1 != 16) return false;
  const size_t pid_dot = stem.rfind('.', id_dot - 1);
  if (pid_dot == std::string::npos) return false;
  return absl::SimpleHexAtoi(stem.substr(id_dot + 1), run_id) &&
         absl::SimpleAtoi(stem.substr(pid_dot + 1, id_dot - pid_dot - 1), pid);
}

// "leaktrack.4711.0123456789abcdef.1000.ltr" -> 0x0123456789abcdef; 0: not so named.
uint64_t RunIdOfRecorder(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '.');
  uint64_t run_id = 0;
  if (parts.size() < 4 || parts[0] != "leaktrack" || parts[2].size() != 16) return 0;
  return absl::SimpleHexAtoi(parts[2], &run_id) ? run_id : 0;
}

// Anybody may put a file into /dev/shm; only the one who wrote the capture may say what it would
// have held.
bool SameOwner(const std::string& a, const std::string& b) {
  struct stat first {
  }, second{};
  return lstat(a.c_str(), &first) == 0 && lstat(b.c_str(), &second) == 0 &&
         first.st_uid == second.st_uid;
}

}  // namespace

bool ReadRecorder(const std::string& path, RecorderEntry* entry) {
  std::vector<uint8_t> bytes;
  std::string why;
  const bool read =
      capture::ReadRegular(path, sizeof(capture::RecorderHeader), &bytes, &why, O_NOFOLLOW);
  if (!read || bytes.size() != sizeof(capture::RecorderHeader)) return false;
  const auto* header = reinterpret_cast<const capture::RecorderHeader*>(bytes.data());
  if (header->magic != capture::kRecorderMagic || header->version != capture::kRecorderVersion)
    return false;
  entry->path = path;
  entry->capture_path = FixedText(header->capture_path, sizeof(header->capture_path));
  entry->pid = header->pid;
  entry->pid_namespace = header->pid_namespace;
  entry->run_id = header->run_id;
  entry->parent_run_id = header->parent_run_id;
  entry->folded = header->folded.load() != 0;
  return true;
}

std::vector<RecorderEntry> FindRecorders(const std::set<uint64_t>& run_ids,
                                         const std::string& directory) {
  std::vector<RecorderEntry> found;
  std::error_code error;
  size_t opened = 0;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const uint64_t run_id = RunIdOfRecorder(it->path().filename().string());
    if (run_ids.empty() ? run_id == 0 || ++opened > kMostRecorders : !run_ids.contains(run_id))
      continue;
    RecorderEntry entry;
    if (ReadRecorder(it->path().string(), &entry)) found.push_back(std::move(entry));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

uint64_t RunIdOf(const std::string& capture_path) {
  uint32_t pid = 0;
  uint64_t run_id = 0;
  return ReadName(capture_path, &pid, &run_id) ? run_id : 0;
}

std::vector<std::string> OrphansOf(const std::string& directory) {
  std::vector<std::string> orphans;
  std::error_code error;
  fs::path whole = fs::weakly_canonical(fs::absolute(directory, error), error);
  if (whole.filename().empty()) whole = whole.parent_path();  // "captures/", where that is gone
  struct stat place {
  }, info{};
  const uid_t owner = stat(directory.c_str(), &place) == 0 ? place.st_uid : geteuid();
  for (const RecorderEntry& recorder : error ? std::vector<RecorderEntry>() : FindRecorders({})) {
    const fs::path capture(recorder.capture_path);
    if (recorder.folded || capture.empty() || lstat(capture.c_str(), &info) == 0 ||
        lstat(recorder.path.c_str(), &info) != 0)
      continue;
    const bool ours = info.st_uid == geteuid() || info.st_uid == owner;
    if (ours && (capture.parent_path() == directory ||
                 fs::weakly_canonical(capture.parent_path(), error) == whole)) {
      orphans.push_back(recorder.path);
    }
  }
  return orphans;
}

std::string RecorderOf(const std::string& capture_path, const std::string& directory) {
  uint32_t pid = 0;
  uint64_t run_id = 0;
  if (!ReadName(capture_path, &pid, &run_id)) return "";
  for (const RecorderEntry& entry : FindRecorders({run_id}, directory)) {
    if (entry.pid == pid && entry.run_id == run_id && SameOwner(entry.path, capture_path))
      return entry.path;
  }
  return "";
}

}  // namespace leaktrack
