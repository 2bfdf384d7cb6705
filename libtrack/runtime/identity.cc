// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cstring>

#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

// A run is built by one thread at a time, and in a forked child maybe on a coroutine's small stack: no large buffers there.
constinit char g_scratch[1040]{};

// Reads up to `capacity` bytes; 0 on any failure.
size_t ReadFile(const char* path, char* to, size_t capacity) {
  const int fd = raw::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  size_t total = 0;
  while (total < capacity) {
    const long got = raw::Read(fd, to + total, capacity - total);
    if (got <= 0) break;
    total += static_cast<size_t>(got);
  }
  raw::Close(fd);
  return total;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void ReadBootId(uint8_t (&boot_id)[16]) {
  char text[40] = {};
  const size_t size = ReadFile("/proc/sys/kernel/random/boot_id", text, sizeof text - 1);
  size_t nibble = 0;
  for (size_t i = 0; i < size && nibble < 32; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) continue;
    boot_id[nibble / 2] = static_cast<uint8_t>(boot_id[nibble / 2] << 4 | digit);
    ++nibble;
  }
}

uint64_t ReadPidNamespace() {
  struct stat info {};
  const long result = raw::Call(SYS_newfstatat, AT_FDCWD, raw::Ptr("/proc/self/ns/pid"), raw::Ptr(&info), 0);
  return result == 0 ? info.st_ino : 0;
}

uint64_t MakeRunId(uint32_t pid) {
  uint64_t id = 0;
  if (raw::Call(SYS_getrandom, raw::Ptr(&id), sizeof id, 1 /* GRND_NONBLOCK */) != sizeof id) {
    id = static_cast<uint64_t>(RealtimeNs()) * 0x9e3779b97f4a7c15ULL ^ (uint64_t{pid} << 40);
  }
  return id | 1;  // never 0: 0 means "no run"
}

bool NeedsQuotes(const char* argument) {
  if (*argument == 0) return true;
  for (; *argument != 0; ++argument) {
    if (*argument == ' ' || *argument == '\t' || *argument == '\'' || *argument == '"') return true;
  }
  return false;
}

// /proc/self/cmdline holds the arguments, each ended by a zero byte.
void ReadCommand(Identity& identity) {
  char(&raw_arguments)[sizeof g_scratch] = g_scratch;
  std::memset(raw_arguments, 0, sizeof raw_arguments);
  const size_t size = ReadFile("/proc/self/cmdline", raw_arguments, sizeof identity.command);
  Text command(identity.command, sizeof identity.command - 4);
  for (size_t at = 0; at < size; at += std::strlen(raw_arguments + at) + 1) {
    const char* argument = raw_arguments + at;
    if (at > 0) command.AddChar(' ');
    const bool quoted = NeedsQuotes(argument);
    if (quoted) command.AddChar('\'');
    command.Add(argument);
    if (quoted) command.AddChar('\'');
  }
  if (command.cut() || size == sizeof identity.command) std::strcat(identity.command, "...");

  const char* name = raw_arguments;
  for (const char* c = raw_arguments; *c != 0; ++c) {
    if (*c == '/' && c[1] != 0) name = c + 1;
  }
  Text(identity.program).Add(*name != 0 ? std::string_view(name) : "unknown");
}

// Host and program become part of a file name: only harmless characters stay.
void AddFileNamePart(Text& path, const char* part) {
  for (; *part != 0; ++part) {
    const char c = *part;
    const bool harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '+' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
    path.AddChar(harmless ? c : '_');
  }
}

}  // namespace

void ReadIdentity(Identity& identity) {
  identity = Identity{};
  identity.pid = static_cast<uint32_t>(raw::Getpid());
  identity.parent_pid = static_cast<uint32_t>(raw::Call(SYS_getppid));
  identity.run_id = MakeRunId(identity.pid);
  identity.pid_namespace = ReadPidNamespace();
  ReadBootId(identity.boot_id);
  utsname names{};
  if (raw::Call(SYS_uname, raw::Ptr(&names)) == 0) Text(identity.host).Add(names.nodename);
  if (identity.host[0] == 0) Text(identity.host).Add("localhost");
  ReadCommand(identity);
}

// The 22nd field of /proc/self/stat; the second one, a name in parentheses, may hold anything.
int64_t ProcessStartNs() {
  constexpr int64_t kTickNs = 10'000'000;
  g_scratch[ReadFile("/proc/self/stat", g_scratch, sizeof g_scratch - 1)] = 0;
  const char* at = std::strrchr(g_scratch, ')');
  for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
  if (at == nullptr) return 0;
  int64_t ticks = 0;
  for (++at; *at >= '0' && *at <= '9'; ++at) ticks = ticks * 10 + (*at - '0');
  const int64_t asleep_ns = ReadClockNs(CLOCK_BOOTTIME) - ReadClockNs(CLOCK_MONOTONIC);
  return ticks * kTickNs - asleep_ns;
}

bool InsistsOnOneThread() {
  const size_t size = ReadFile("/proc/self/cmdline", g_scratch, sizeof g_scratch - 1);
  g_scratch[size] = 0;
  for (size_t at = 0; at < size; at += std::strlen(g_scratch + at) + 1) {
    if (std::strcmp(g_scratch + at, "--type=zygote") == 0) return true;
  }
  return false;
}

void MakeAbsolute(char (&directory)[896]) {
  if (directory[0] == '/') return;
  const long size = raw::Call(SYS_getcwd, raw::Ptr(g_scratch), sizeof g_scratch);
  if (size <= 0 || g_scratch[0] != '/') return;  // "(unreachable)" after a chroot
  static_assert(sizeof g_scratch >= sizeof directory);
  char absolute[sizeof directory];
  Text text(absolute);
  text.Add(g_scratch);
  if (directory[0] != 0) text.Add(text.view() == "/" ? "" : "/").Add(directory);
  if (!text.cut()) __builtin_memcpy(directory, absolute, sizeof absolute);
}

bool MakeCapturePath(const Identity& identity, const char* directory, char (&path)[1024]) {
  Text text(path);
  if (directory[0] != '/') {
    const long size = raw::Call(SYS_getcwd, raw::Ptr(g_scratch), sizeof g_scratch);
    if (size <= 0 || g_scratch[0] != '/') return false;
    text.Add(g_scratch).AddChar('/');
  }
  text.Add(directory);
  if (text.view().back() != '/') text.AddChar('/');
  AddFileNamePart(text, identity.host);
  text.AddChar('.');
  AddFileNamePart(text, identity.program);
  text.AddChar('.').AddNumber(identity.pid).AddChar('.').AddHex16(identity.run_id).Add(".ltk");
  return !text.cut();
}

void MakeRecorderPath(const Identity& identity, char (&path)[128]) {
  Text(path).Add("/dev/shm/leaktrack.").AddNumber(identity.pid).AddChar('.').AddHex16(identity.run_id)
      .AddChar('.').AddNumber(static_cast<uint64_t>(raw::Call(SYS_geteuid))).Add(".ltr");
}

}  // namespace leaktrack::track
