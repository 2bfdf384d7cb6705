// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the readers of /proc and of the memory cgroup's files.
//
// Input: the texts of the files below, in this order, separated by a byte 0. They form a made-up
// /proc and cgroup tree; the seeds' mountinfo leads to /cgroup. The result must be a size, or "not
// known".
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "libtrack/platform/os/process_memory.h"

namespace {

using namespace leaktrack::track;  // NOLINT

constexpr const char* kFiles[] = {"/proc/self/cgroup",
                                  "/proc/self/mountinfo",
                                  "/proc/thread-self/status",
                                  "/proc/meminfo",
                                  "/cgroup/pod/memory.max",
                                  "/cgroup/pod/memory.current",
                                  "/cgroup/pod/memory.events",
                                  "/cgroup/pod/memory.pressure",
                                  "/cgroup/memory.max",
                                  "/cgroup/pod/memory.limit_in_bytes",
                                  "/cgroup/pod/memory.usage_in_bytes"};

struct Tree {
  Tree() : root("/dev/shm/leaktrack_fuzz." + std::to_string(getpid())) {
    for (const char* folder : {"/proc/self", "/proc/thread-self", "/cgroup/pod"}) {
      std::filesystem::create_directories(root + folder);
    }
  }
  ~Tree() { std::filesystem::remove_all(root); }
  std::string root;
};

void WriteFiles(const std::string& root, std::string_view text) {
  for (const char* file : kFiles) {
    const size_t end = text.find('\0');
    const std::string_view part = text.substr(0, end);
    std::ofstream(root + file, std::ios::trunc)
        .write(part.data(), static_cast<std::streamsize>(part.size()));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Tree tree;
  WriteFiles(tree.root, {reinterpret_cast<const char*>(data), size});
  ProcessMemoryReader reader;
  reader.Open(tree.root);
  MemoryReading reading;
  reader.Read(&reading);
  reader.Close();
  for (const int64_t value :
       {reading.rss, reading.anonymous, reading.file, reading.shared, reading.swap, reading.stack,
        reading.cgroup_current, reading.cgroup_max, reading.machine_total,
        reading.machine_available, reading.oom_kills, reading.psi_some_total_us}) {
    if (value < kMemoryNotKnown) abort();
  }
  return 0;
}
