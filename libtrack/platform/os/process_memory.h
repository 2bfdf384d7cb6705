// SPDX-License-Identifier: Apache-2.0
//
// Reads how much memory the process has and may have: one reading per tick of the drainer.
//
// What it reads: resident memory by kind, swap, address space and threads
// (/proc/thread-self/status); the memory cgroup's usage, limit, reclaimable pages, OOM kills and
// pressure (v1 or v2); RLIMIT_AS; the machine's total and available memory.
// Why thread-self: if main() ends by pthread_exit, /proc/self/status belongs to a zombie and says
// nothing.
// Why the tightest cgroup: a container often has no limit while its pod has one, and the OOM killer
// acts there. Its kills are counted in our own cgroup, since version 1 counts them nowhere else.
// The level with the smallest limit, from our own cgroup up to the visible root, is
// chosen at Open() and again every kReadsPerChoice readings, because limits are moved at run time.
// Cost: 17 us per reading on average (4 to 6 preads on descriptors that stay open), most of it for
// /proc/thread-self/status. smaps_rollup would cost milliseconds with a large heap. statm does not
// tell swap or shared memory.
//
// Promise: a value that the system did not tell is kMemoryNotKnown, never 0.
// Limits: paths over 511 bytes are not followed. Unmounted or hidden cgroup trees are "not known".
//
// Thread-safety: none; owned by the drainer, which has its own descriptor table.
// Allocates: never.
// Signals: safe, not reentrant.
// Fork: the child opens its own; descriptors are O_CLOEXEC.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_PROCESS_MEMORY_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_PROCESS_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libtrack/capture/format.h"

namespace leaktrack::track {

// The same type as the writer's, so that a reading needs no conversion.
using MemoryReading = capture::MemorySampleRaw;
inline constexpr int64_t kMemoryNotKnown = -1;

// Zero-initialised memory is a closed reader. Its Read() tells only RLIMIT_AS.
class ProcessMemoryReader {
 public:
  // Finds and opens the files. Call it after the thread has its own descriptor table. `root` is
  // prepended to /proc and to every mount point (tests).
  void Open(std::string_view root = {});

  // Fills `out`; readings that fail are kMemoryNotKnown.
  void Read(MemoryReading* out);

  // The inode of the limit file of the chosen cgroup. Processes with the same inode have the same
  // limit, whatever the path is called in their namespaces. 0: no limit, or not known. Only while
  // the files are open.
  uint64_t LimitId();

  // Fills the name and place of our own cgroup, and the count of OOM kills in it. Only while the
  // files are open.
  void Describe(capture::CgroupFacts* out);

  void Close();

 private:
  static constexpr uint32_t kReadsPerChoice = 64;
  static constexpr size_t kPathBytes = 512;
  static constexpr size_t kBufferBytes = 4096;

  // A descriptor whose zero value means "closed".
  struct File {
    int fd_plus_one;
  };
  enum class CgroupKind : uint8_t { kNone = 0, kV1, kV2 };

  std::string_view ReadFile(File file);
  std::string_view ReadPath(std::string_view folder, std::string_view name);
  File OpenPath(std::string_view folder, std::string_view name);
  static void CloseFile(File* file);

  void FindCgroup();
  bool FindMount(std::string_view kind, std::string_view option, std::string_view cgroup_path);
  bool TakeMount(std::string_view line, std::string_view kind, std::string_view option,
                 std::string_view cgroup_path);
  void ChooseLevel();
  void OpenEvents();
  int64_t ReadLimit(std::string_view folder);
  int64_t ReadReclaimable();
  int64_t ReadOomKills();
  void ReadCgroup(MemoryReading* out);

  File status_{}, meminfo_{}, current_{}, max_{}, events_{}, pressure_{}, stat_{};
  CgroupKind cgroup_kind_ = CgroupKind::kNone;
  uint32_t reads_ = 0;
  char root_[kPathBytes]{};
  size_t root_bytes_ = 0;
  char cgroup_[kPathBytes]{};  // folder of our own cgroup, root included
  size_t cgroup_bytes_ = 0;
  size_t mount_bytes_ = 0;   // the part of cgroup_ that is the mount point
  char name_[kPathBytes]{};  // of our own cgroup, as /proc/self/cgroup has it
  size_t name_bytes_ = 0;
  size_t level_bytes_ = 0;  // the part of cgroup_ that names the chosen level; 0: none open
  int64_t machine_total_ = 0, machine_available_ = 0, reclaimable_ = 0;
  char buffer_[kBufferBytes]{};
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_PROCESS_MEMORY_H_
