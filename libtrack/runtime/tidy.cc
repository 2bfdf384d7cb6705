// SPDX-License-Identifier: Apache-2.0
//
// What earlier runs left in /dev/shm.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/run_start.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kOwnerDied = 0x4000'0000;
constexpr int64_t kExecSettledNs = 5'000'000'000;
constexpr int64_t kLongestStartNs = 600'000'000'000;  // of a process that is stopped as it begins
constexpr uint64_t kUnreadLimit = 256 << 20;          // bytes of killed processes' recorders, or a quarter of the tmpfs
constexpr int kMostRounds = 16;

struct DirectoryEntry {  // struct linux_dirent64
  uint64_t inode;
  int64_t next;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

// Recorders of killed processes that nobody has read yet: what their captures do not hold, mostly the last second.
struct Unread {
  uint32_t count;
  uint64_t bytes;
  int64_t oldest_end_ns;
  char oldest[64];  // its name
};

// Read, not mapped: whoever may cut the file while we look would otherwise raise SIGBUS in the program.
alignas(capture::RecorderHeader) constinit char g_other[sizeof(capture::RecorderHeader)]{};

// Anybody may write into /dev/shm.
bool IsOurs(const struct stat& info) {
  return S_ISREG(info.st_mode) && info.st_uid == static_cast<uid_t>(raw::Call(SYS_geteuid));
}

bool ReadHeader(int fd) {
  return raw::Call(SYS_pread64, fd, raw::Ptr(g_other), sizeof g_other, 0) == static_cast<long>(sizeof g_other);
}

bool IsWhole(const capture::RecorderHeader& header) {
  return header.magic == capture::kRecorderMagic && header.version == capture::kRecorderVersion;
}

bool IsOld(const struct stat& info) { return RealtimeNs() - info.st_mtim.tv_sec * 1'000'000'000 > kLongestStartNs; }

// Its process was killed while it built the run: nothing has been recorded.
bool NeverRan(const capture::RecorderHeader& header, const struct stat& info) {
  const bool starting = header.state.load() == static_cast<uint32_t>(capture::RunState::kStarting);
  return (header.magic == 0 || (IsWhole(header) && starting)) && IsOld(info);
}

// The owner died, or gave way to another program long enough ago for the exec not to have failed.
bool OwnerGone(const capture::RecorderHeader& header) {
  const uint32_t owner = header.owner.load(std::memory_order_acquire);
  if ((owner & kOwnerDied) != 0) return true;
  const auto ended_ns = header.start_monotonic_ns + static_cast<int64_t>(header.end_ms.load()) * 1'000'000;
  return owner == 0 && header.state.load() == static_cast<uint32_t>(capture::RunState::kExec) &&
         MonotonicCoarseNs() - ended_ns > kExecSettledNs;
}

// A forked child replaced nobody: of a program that replaced another the parent is not known.
bool IsForked() { return ImageHeader()->parent_run_id != 0; }

// exec keeps the pid: a recorder with our pid in our namespace and boot, that is not ours, is the program we replaced.
bool IsPredecessor(const capture::RecorderHeader& other) {
  const capture::RecorderHeader& mine = *ImageHeader();
  return !IsForked() && other.pid == mine.pid && other.run_id != mine.run_id && other.pid_namespace == mine.pid_namespace &&
         std::memcmp(other.boot_id, mine.boot_id, sizeof mine.boot_id) == 0;
}

// Whether the recorder in g_other has no more use. Marks that of a predecessor.
bool IsOver(int fd, const struct stat& info) {
  const auto& header = *reinterpret_cast<const capture::RecorderHeader*>(g_other);
  if (NeverRan(header, info)) return true;
  if (!IsWhole(header)) return false;
  const bool predecessor = IsPredecessor(header);
  if (predecessor && header.state.load() == static_cast<uint32_t>(capture::RunState::kRunning)) {
    const auto exec = static_cast<uint32_t>(capture::RunState::kExec);
    raw::Pwrite(fd, &exec, sizeof exec, offsetof(capture::RecorderHeader, state));
  }
  return header.folded.load() != 0 && (predecessor || OwnerGone(header));
}

void Count(const struct stat& info, const char* name, Unread* unread) {
  const auto& header = *reinterpret_cast<const capture::RecorderHeader*>(g_other);
  if (!IsWhole(header) || !OwnerGone(header)) return;
  ++unread->count;
  unread->bytes += static_cast<uint64_t>(info.st_blocks) * 512;
  const auto end_ns = header.start_realtime_ns + static_cast<int64_t>(header.tick_ms.load()) * 1'000'000;
  if (unread->oldest[0] != 0 && end_ns >= unread->oldest_end_ns) return;
  unread->oldest_end_ns = end_ns;
  unread->oldest[0] = 0;
  Text(unread->oldest).Add(name);
}

void Tidy(int directory, const char* name, Unread* unread) {
  const int fd = raw::OpenAt(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  struct stat info {};
  if (raw::Call(SYS_fstat, fd, raw::Ptr(&info)) == 0 && IsOurs(info)) {
    const bool read = ReadHeader(fd);
    if (read ? IsOver(fd, info) : info.st_size == 0 && IsOld(info)) {
      raw::Call(SYS_unlinkat, directory, raw::Ptr(name), 0);
    } else if (read) {
      Count(info, name, unread);
    }
  }
  raw::Close(fd);
}

void TidyAll(int directory, Unread* unread) {
  alignas(8) char buffer[2048];
  for (;;) {
    const long bytes = raw::Call(SYS_getdents64, directory, raw::Ptr(buffer), sizeof buffer);
    if (bytes <= 0) return;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      const std::string_view name(entry->name);
      const bool ours = StartsWith(name, "leaktrack.") && EndsWith(name, ".ltr") && name.size() < sizeof unread->oldest;
      if (ours) Tidy(directory, entry->name, unread);
      at += entry->bytes;
    }
  }
}

struct Room {
  uint64_t used = UINT64_MAX;
  uint64_t for_unread = kUnreadLimit;
};

Room RoomIn(int directory) {
  struct statfs info {};
  if (raw::Call(SYS_fstatfs, directory, raw::Ptr(&info)) < 0 || info.f_blocks == 0) return {};
  const auto block = static_cast<uint64_t>(info.f_bsize);
  const uint64_t quarter = static_cast<uint64_t>(info.f_blocks) * block / 4;
  return {(info.f_blocks - info.f_bfree) * block, quarter < kUnreadLimit ? quarter : kUnreadLimit};
}

}  // namespace

void TidyRecorders() {
  const int directory = raw::OpenAt(AT_FDCWD, "/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  const Room room = RoomIn(directory);
  // A service that is killed and restarted again and again must not fill the memory it wants with what nobody reads. Workers
  // that are forked by the thousand look only if there is that much.
  const int rounds = !IsForked() || room.used > room.for_unread ? kMostRounds : 0;
  for (int round = 0; round < rounds; ++round) {
    Unread unread{};
    TidyAll(directory, &unread);
    if (unread.bytes <= room.for_unread || unread.count < 2) break;
    if (raw::Call(SYS_unlinkat, directory, raw::Ptr(unread.oldest), 0) < 0) break;
    raw::Call(SYS_lseek, directory, 0, SEEK_SET);
  }
  raw::Close(directory);
}

}  // namespace leaktrack::track
