// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

// No large buffers on the stack: a run is built by one thread at a time, but in a forked child this
// may be on a coroutine's small stack.
constinit char g_scratch[1040]{};

// Reads up to `capacity` bytes; 0 on any failure.
size_t ReadFile(const char* path, char* to, size_t capacity) {
  const int fd = raw::OpenAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
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
  const long result =
      raw::Call(SYS_newfstatat, AT_FDCWD, raw::Ptr("/proc/self/ns/pid"), raw::Ptr(&info), 0);
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

// From /proc/self/stat, behind the program's name in brackets, which may contain anything. The
// state is field 3, and the start of the process is field 22.
uint64_t ReadStartTicks() {
  const size_t size = ReadFile("/proc/self/stat", g_scratch, sizeof g_scratch);
  size_t at = size;
  while (at > 0 && g_scratch[at - 1] != ')') --at;
  for (int spaces = 0; at > 0 && at < size && spaces < 20; ++at) spaces += g_scratch[at] == ' ';
  uint64_t ticks = 0;
  for (; at < size && g_scratch[at] >= '0' && g_scratch[at] <= '9'; ++at)
    ticks = ticks * 10 + static_cast<uint64_t>(g_scratch[at] - '0');
  return ticks;
}

std::string_view Basename(std::string_view path) {
  size_t start = 0;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    if (path.data()[i] == '/') start = i + 1;
  }
  return From(path, start);
}

// The name of the executable file. Empty if /proc does not tell.
void ReadExecutable(char (&name)[72]) {
  constexpr std::string_view kDeleted = " (deleted)";
  const long size = raw::Call(SYS_readlinkat, AT_FDCWD, raw::Ptr("/proc/self/exe"),
                              raw::Ptr(g_scratch), sizeof g_scratch);
  std::string_view path =
      size > 0 ? std::string_view(g_scratch, static_cast<size_t>(size)) : std::string_view{};
  if (EndsWith(path, kDeleted)) path = AtMost(path, path.size() - kDeleted.size());
  Text(name).Add(Basename(path));
}

// /proc/self/cmdline holds the arguments, each ended by a zero byte. A program that has written a
// title over them (setproctitle) leaves the rest of the space as zeros, which are not arguments.
size_t ReadArguments() {
  std::memset(g_scratch, 0, sizeof g_scratch);
  const size_t size = ReadFile("/proc/self/cmdline", g_scratch, sizeof(Identity::command));
  size_t end = size;
  while (end > 0 && g_scratch[end - 1] == 0) --end;
  if (end == 0) return 0;
  const bool padded = size - end > 2;  // one ends the last argument; another may be an empty one
  return padded ? end + 1 : size;
}

void JoinArguments(size_t size, char (&to)[1024]) {
  Text command(to, sizeof to - 4);
  for (size_t at = 0; at < size; at += std::strlen(g_scratch + at) + 1) {
    const char* argument = g_scratch + at;
    if (at > 0) command.AddChar(' ');
    // A title is a single argument.
    const bool quoted = NeedsQuotes(argument) && !(size == std::strlen(g_scratch) + 1);
    if (quoted) command.AddChar('\'');
    command.Add(argument);
    if (quoted) command.AddChar('\'');
  }
  if (command.cut() || size == sizeof to) std::strcat(to, "...");
}

// "nginx: worker process", "postgres: checkpointer": text that the program has put in place of its
// name.
bool IsTitle(std::string_view argument, std::string_view executable) {
  return argument.find(' ') != std::string_view::npos && !executable.empty() &&
         Basename(argument) != executable;
}

void ReadCommand(Identity& identity) {
  char executable[72];
  ReadExecutable(executable);
  JoinArguments(ReadArguments(), identity.command);
  const std::string_view first(g_scratch);
  const bool nameless = first.empty() || IsTitle(first, executable);
  const std::string_view name = nameless ? std::string_view(executable) : Basename(first);
  Text(identity.program).Add(name.empty() ? std::string_view("unknown") : name);
}

// Host and program become part of a file name, so only harmless characters stay.
void AddFileNamePart(Text& path, const char* part) {
  for (; *part != 0; ++part) {
    const char c = *part;
    const bool harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+' || c == '.' ||
                          static_cast<unsigned char>(c) >= 0x80;
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
  identity.start_ticks = ReadStartTicks();
  ReadBootId(identity.boot_id);
  utsname names{};
  if (raw::Call(SYS_uname, raw::Ptr(&names)) == 0) Text(identity.host).Add(names.nodename);
  if (identity.host[0] == 0) Text(identity.host).Add("localhost");
  ReadCommand(identity);
}

void ReadProgram(char (&program)[72]) {
  static constinit Identity identity{};
  identity = Identity{};
  ReadCommand(identity);
  __builtin_memcpy(program, identity.program, sizeof program);
}

bool ReadCommandAnew(char (&command)[1024]) {
  const size_t size = ReadArguments();
  if (size > 0) JoinArguments(size, command);
  return size > 0;
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
  Text(path)
      .Add("/dev/shm/leaktrack.")
      .AddNumber(identity.pid)
      .AddChar('.')
      .AddHex16(identity.run_id)
      .AddChar('.')
      .AddNumber(static_cast<uint64_t>(raw::Call(SYS_geteuid)))
      .Add(".ltr");
}

}  // namespace leaktrack::track
