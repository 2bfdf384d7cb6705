// SPDX-License-Identifier: Apache-2.0
//
// Cleans up what earlier runs left in /dev/shm.
//
// Anybody may put any number of files there, and every tracked process of the machine puts one. So
// the work of a start is bounded, whatever is there. A start reads a limited number of names. It
// opens a limited number of the files that are this user's by name, chosen at random if there are
// more. A later start finds what this one misses.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/run_start.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kOwnerDied = 0x4000'0000;
constexpr int64_t kExecSettledNs = 5'000'000'000;
constexpr int64_t kLongestStartNs = 600'000'000'000;  // even if the process is stopped meanwhile
// Bytes of killed processes' recorders, or a quarter of the tmpfs.
constexpr uint64_t kUnreadLimit = 256 << 20;
constexpr int kMostReads = 32;       // directory reads: some 4,000 names
constexpr uint32_t kMostLooks = 16;  // files to open

struct DirectoryEntry {  // struct linux_dirent64
  uint64_t inode;
  int64_t next;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

// Recorders of this user. One that nobody has read yet holds what its capture does not, mostly the
// last second.
struct Found {
  char name[64];
  bool unread;
  uint64_t bytes;
  int64_t end_ns;
};

struct Look {
  uint32_t names;  // names that are this user's
  uint32_t count;  // how many of those below
  Found found[kMostLooks];
};

// None of these is on the stack: the stack of a forked child's coroutine may be 4 KiB. Headers are
// read and not mapped: a user who cuts the file meanwhile would otherwise raise SIGBUS in the
// program.
alignas(capture::RecorderHeader) constinit char g_other[sizeof(capture::RecorderHeader)]{};
alignas(8) constinit char g_names[8192]{};
constinit Look g_look{};

uid_t Me() { return static_cast<uid_t>(raw::Call(SYS_geteuid)); }

// Needed because anybody may write into /dev/shm.
bool IsOurs(const struct stat& info) { return S_ISREG(info.st_mode) && info.st_uid == Me(); }

bool ReadHeader(int fd) {
  return raw::Call(SYS_pread64, fd, raw::Ptr(g_other), sizeof g_other, 0) ==
         static_cast<long>(sizeof g_other);
}

bool IsWhole(const capture::RecorderHeader& header) {
  return header.magic == capture::kRecorderMagic && header.version == capture::kRecorderVersion;
}

bool Is(const capture::RecorderHeader& header, capture::RunState state) {
  return header.state.load() == static_cast<uint32_t>(state);
}

bool IsOld(const struct stat& info) {
  return RealtimeNs() - info.st_mtim.tv_sec * 1'000'000'000 > kLongestStartNs;
}

// The process was killed while it built the run, so nothing has been recorded.
bool NeverRan(const capture::RecorderHeader& header, const struct stat& info) {
  const bool starting = Is(header, capture::RunState::kStarting);
  return (header.magic == 0 || (IsWhole(header) && starting)) && IsOld(info);
}

bool IsOfOurNamespace(const capture::RecorderHeader& other) {
  const capture::RecorderHeader& mine = *ImageHeader();
  return other.pid_namespace == mine.pid_namespace &&
         std::memcmp(other.boot_id, mine.boot_id, sizeof mine.boot_id) == 0;
}

// Without a drainer only the pid tells. A pid that is in use again delays the answer.
bool NobodyHasPid(const capture::RecorderHeader& header) {
  return IsOfOurNamespace(header) && raw::Call(SYS_kill, header.pid, 0) == -3 /* ESRCH */;
}

// The owner died, or was replaced by another program so long ago that the exec cannot have failed.
bool OwnerGone(const capture::RecorderHeader& header) {
  const uint32_t owner = header.owner.load(std::memory_order_acquire);
  if (owner != 0) return (owner & kOwnerDied) != 0;
  if (!Is(header, capture::RunState::kExec)) return NobodyHasPid(header);
  const auto ended_ns =
      header.start_monotonic_ns + static_cast<int64_t>(header.end_ms.load()) * 1'000'000;
  return MonotonicCoarseNs() - ended_ns > kExecSettledNs;
}

// True in a forked child, which did not replace another program. (A program that did has no known
// parent.)
bool IsForked() { return ImageHeader()->parent_run_id != 0; }

// exec keeps the pid. So a recorder with our pid, namespace and boot that is not ours belongs to
// the program that we replaced. But pids are reused. exec also keeps the creation time of the
// process, so that is compared too.
bool IsPredecessor(const capture::RecorderHeader& other) {
  const capture::RecorderHeader& mine = *ImageHeader();
  if (IsForked() || other.pid != mine.pid || other.run_id == mine.run_id ||
      !IsOfOurNamespace(other))
    return false;
  return mine.start_ticks != 0 && other.start_ticks == mine.start_ticks;
}

// True if the recorder in g_other is no longer needed. Marks the recorder of a predecessor.
bool IsOver(int fd, const struct stat& info) {
  const auto& header = *reinterpret_cast<const capture::RecorderHeader*>(g_other);
  if (NeverRan(header, info)) return true;
  if (!IsWhole(header)) return false;
  const bool predecessor = IsPredecessor(header);
  if (predecessor && Is(header, capture::RunState::kRunning)) {
    const auto exec = static_cast<uint32_t>(capture::RunState::kExec);
    raw::Pwrite(fd, &exec, sizeof exec, offsetof(capture::RecorderHeader, state));
  }
  // An owner that ended normally may have lost the right to remove its recorder.
  const bool exited = Is(header, capture::RunState::kExited);
  return header.folded.load() != 0 && (exited || predecessor || OwnerGone(header));
}

// Notes what is needed later about the recorder in g_other.
void Note(const struct stat& info, Found* found) {
  const auto& header = *reinterpret_cast<const capture::RecorderHeader*>(g_other);
  found->unread = IsWhole(header) && OwnerGone(header);
  found->bytes = static_cast<uint64_t>(info.st_blocks) * 512;
  found->end_ns =
      header.start_realtime_ns + static_cast<int64_t>(header.tick_ms.load()) * 1'000'000;
}

void Tidy(int directory, Found* found) {
  found->unread = false;
  const int fd = raw::OpenAt(directory, found->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  struct stat info {};
  if (raw::Call(SYS_fstat, fd, raw::Ptr(&info)) == 0 && IsOurs(info)) {
    const bool read = ReadHeader(fd);
    if (read ? IsOver(fd, info) : info.st_size == 0 && IsOld(info)) {
      raw::Call(SYS_unlinkat, directory, raw::Ptr(found->name), 0);
    } else if (read) {
      Note(info, found);
    }
  }
  raw::Close(fd);
}

// The name patterns of this user's recorders, and of recorders of a program that this one replaced.
struct NamesOfOurs {
  NamesOfOurs() {
    Text(of_user).AddChar('.').AddNumber(Me()).Add(".ltr");
    Text(of_process).Add("leaktrack.").AddNumber(ImageHeader()->pid).AddChar('.');
  }
  bool IsUsers(std::string_view name) const {
    return StartsWith(name, "leaktrack.") && EndsWith(name, of_user) &&
           name.size() < sizeof Found::name;
  }
  bool IsOfProcess(std::string_view name) const { return StartsWith(name, of_process); }
  char of_user[32]{};
  char of_process[32]{};
};

// Names of this process come first. All others have the same chance to be chosen.
void Choose(const NamesOfOurs& ours, std::string_view name, uint64_t* chance) {
  ++g_look.names;
  uint32_t place = g_look.count;
  if (place == kMostLooks) {
    *chance = *chance * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    place = static_cast<uint32_t>((*chance >> 33) % g_look.names);
    if (ours.IsOfProcess(name)) place %= kMostLooks;
    if (place >= kMostLooks || ours.IsOfProcess(g_look.found[place].name)) return;
  } else {
    ++g_look.count;
  }
  Found& found = g_look.found[place];
  found.name[0] = 0;
  Text(found.name).Add(name);
}

void ReadNames(int directory) {
  const NamesOfOurs ours;
  uint64_t chance = ImageHeader()->run_id;
  g_look.names = g_look.count = 0;
  for (int reads = 0; reads < kMostReads; ++reads) {
    const long bytes = raw::Call(SYS_getdents64, directory, raw::Ptr(g_names), sizeof g_names);
    if (bytes <= 0) return;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(g_names + at);
      if (ours.IsUsers(entry->name)) Choose(ours, entry->name, &chance);
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

Found* OldestUnread() {
  Found* oldest = nullptr;
  for (uint32_t i = 0; i < g_look.count; ++i) {
    Found& found = g_look.found[i];
    if (found.unread && (oldest == nullptr || found.end_ns < oldest->end_ns)) oldest = &found;
  }
  return oldest;
}

// Removes the oldest until the rest has room. If not all were looked at, those that were stand for
// all.
void MakeRoomFor(int directory, uint64_t for_unread) {
  uint64_t bytes = 0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < g_look.count; ++i) {
    count += g_look.found[i].unread ? 1 : 0;
    bytes += g_look.found[i].unread ? g_look.found[i].bytes : 0;
  }
  for (; count > 1 && bytes * g_look.names / g_look.count > for_unread; --count) {
    Found* const oldest = OldestUnread();
    raw::Call(SYS_unlinkat, directory, raw::Ptr(oldest->name), 0);
    bytes -= oldest->bytes;
    oldest->unread = false;
  }
}

}  // namespace

void TidyRecorders() {
  LEAKTRACK_DCHECK(ImageHeader() != nullptr);
  const int directory = raw::OpenAt(AT_FDCWD, "/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  const Room room = RoomIn(directory);
  // A service that is killed and restarted again and again must not fill the memory that it needs
  // with recorders that nobody reads. Workers that are forked by the thousand look only if there is
  // that much.
  if (!IsForked() || room.used > room.for_unread) {
    ReadNames(directory);
    for (uint32_t i = 0; i < g_look.count; ++i) Tidy(directory, &g_look.found[i]);
    MakeRoomFor(directory, room.for_unread);
  }
  raw::Close(directory);
}

}  // namespace leaktrack::track
