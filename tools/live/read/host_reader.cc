// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/host_reader.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "tools/live/read/text.h"

namespace leaktrack::live {
namespace {

constexpr int64_t kFirstPidNamespace = 0xEFFFFFFC;  // the host's own

double MonotonicSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// "pid:[4026531836]"
bool InOwnPidNamespace(const std::string& proc) {
  char link[64] = {};
  const ssize_t bytes = readlink((proc + "/self/ns/pid").c_str(), link, sizeof(link) - 1);
  if (bytes <= 0) return false;
  const std::string_view text(link, static_cast<size_t>(bytes));
  const size_t open = text.find('[');
  return open != text.npos && NumberIn(text.substr(open + 1)) != kFirstPidNamespace;
}

// hidepid: the options of the mount tell, and 1 that is not there.
bool HidesProcesses(const std::string& proc, std::string_view mountinfo) {
  bool hides = false;
  ForEachLine(mountinfo, [&](std::string_view line) {
    const size_t option = line.find("hidepid=");
    if (line.find(" " + proc + " ") == line.npos || option == line.npos) return;
    const std::string_view value = line.substr(option + 8);
    hides = !value.starts_with("0") && !value.starts_with("off");
  });
  return hides && geteuid() != 0;
}

}  // namespace

MachineReading ReadMachine(const std::string& proc) {
  MachineReading machine;
  const std::string meminfo = ReadSmall(proc + "/meminfo").value_or("");
  const auto bytes = [&](std::string_view key) {
    const int64_t kibibytes = FieldIn(meminfo, key);
    return kibibytes < 0 ? kUnknown : kibibytes << 10;
  };
  machine.total = bytes("MemTotal");
  machine.available = bytes("MemAvailable");
  machine.swap_total = bytes("SwapTotal");
  machine.swap_free = bytes("SwapFree");
  machine.pressure = PressureIn(ReadSmall(proc + "/pressure/memory").value_or(""));
  return machine;
}

HostReader::HostReader(const std::string& proc)
    : proc_(proc),
      cgroups_(FindMemoryMount(ReadSmall(proc + "/self/mountinfo", 4 << 20).value_or(""))),
      processes_(proc) {
  always_.own_namespace = InOwnPidNamespace(proc);
  always_.hidden = HidesProcesses(proc, ReadSmall(proc + "/self/mountinfo", 4 << 20).value_or(""));
}

HostReading HostReader::Read(const std::vector<ProcessKey>& closely) {
  HostReading reading;
  reading.seconds = MonotonicSeconds();
  reading.unseen = always_;
  reading.machine = ReadMachine(proc_);
  processes_.ReadAll(cgroups_.version_1(), reading);
  if (!closely.empty()) processes_.ReadClosely(closely, reading);
  cgroups_.ReadAll(reading);
  return reading;
}

}  // namespace leaktrack::live
