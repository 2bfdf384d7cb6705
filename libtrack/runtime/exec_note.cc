// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/exec_note.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <string_view>

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

using capture::ExecFate;
using capture::NoteEntry;

constexpr std::string_view kLibrary = "libleaktrack.so";
constexpr size_t kLongestName = sizeof(NoteEntry::name) - 1;

constinit std::atomic<bool> g_came_by_preload{false};

std::string_view Find(const char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry(*environment);
    if (StartsWith(entry, name) && entry.size() > name.size() && entry[name.size()] == '=')
      return From(entry, name.size() + 1);
  }
  return {};
}

// A bad pointer must make the kernel refuse (EFAULT), not crash us.
bool CanBeRead(const char* const* environment) {
  if (environment == nullptr) return true;
  if (!raw::Readable(environment)) return false;
  for (; *environment != nullptr; ++environment) {
    if (!raw::Readable(*environment)) return false;
  }
  return true;
}

// The entry of LD_PRELOAD that is this library, by its file name. The loader splits at spaces and
// colons.
std::string_view OurEntry(std::string_view preload) {
  for (size_t at = 0; at < preload.size();) {
    size_t end = at;
    while (end < preload.size() && preload[end] != ':' && preload[end] != ' ') ++end;
    const std::string_view entry(preload.data() + at, end - at);
    if (EndsWith(entry, kLibrary)) return entry;
    at = end + 1;
  }
  return {};
}

// A name without a slash, or one that is too long to check, counts as reachable.
bool CanBeReached(std::string_view library) {
  char path[512];
  Text text(path);
  text.Add(library);
  if (text.cut() || library.empty() || library[0] != '/') return true;
  return raw::Call(SYS_faccessat, AT_FDCWD, raw::Ptr(path), 4 /* R_OK */) == 0;
}

// A file that is about to be executed. It is read in pieces.
class File {
 public:
  explicit File(const char* path)
      : fd_(raw::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~File() {
    if (fd_ >= 0) raw::Close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool Read(void* to, size_t bytes, uint64_t at) const {
    return raw::Call(SYS_pread64, fd_, raw::Ptr(to), static_cast<long>(bytes),
                     static_cast<long>(at)) == static_cast<long>(bytes);
  }
  size_t ReadSome(char* to, size_t bytes, uint64_t at) const {
    const long got =
        raw::Call(SYS_pread64, fd_, raw::Ptr(to), static_cast<long>(bytes), static_cast<long>(at));
    return got > 0 ? static_cast<size_t>(got) : 0;
  }
  bool Regular(struct stat* info) const {
    return fd_ >= 0 && raw::Call(SYS_fstat, fd_, raw::Ptr(info)) == 0 && S_ISREG(info->st_mode);
  }
  bool HasCapabilities() const {
    return raw::Call(SYS_fgetxattr, fd_, raw::Ptr("security.capability"), 0, 0) > 0;
  }

 private:
  int fd_;
};

// With set-id bits or capabilities the loader ignores LD_PRELOAD.
bool RaisesRights(const File& file, const struct stat& info) {
  const auto user = static_cast<uid_t>(raw::Call(SYS_geteuid));
  if ((info.st_mode & S_ISUID) != 0 && info.st_uid != user) return true;
  if ((info.st_mode & S_ISGID) != 0 && info.st_gid != static_cast<gid_t>(raw::Call(SYS_getegid)))
    return true;
  return user != 0 && file.HasCapabilities();
}

// The segment that names the loader comes before the first loaded segment. The loader itself has
// none, and heeds LD_PRELOAD.
ExecFate FateOfElf(const File& file, const Elf64_Ehdr& header, std::string_view name) {
  for (uint32_t i = 0; i < header.e_phnum && i < 64; ++i) {
    Elf64_Phdr segment{};
    if (!file.Read(&segment, sizeof segment, header.e_phoff + uint64_t{i} * sizeof segment))
      return ExecFate::kTracked;
    if (segment.p_type == PT_LOAD) break;
    if (segment.p_type == PT_INTERP) return ExecFate::kTracked;
  }
  return StartsWith(name, "ld-") || StartsWith(name, "ld.") ? ExecFate::kTracked
                                                            : ExecFate::kStatic;
}

std::string_view BaseOf(const char* path) {
  std::string_view name(path);
  for (size_t i = name.size(); i > 0; --i) {
    if (name[i - 1] == '/') return From(name, i);
  }
  return name;
}

// "#!/usr/bin/python3 -u" -> "/usr/bin/python3"
bool ReadInterpreter(const File& file, char (&path)[128]) {
  char line[sizeof path]{};
  const size_t size = file.ReadSome(line, sizeof line, 2);
  Text text(path);
  size_t at = 0;
  while (at < size && (line[at] == ' ' || line[at] == '\t')) ++at;
  for (; at < size && line[at] != ' ' && line[at] != '\t' && line[at] != '\n' && line[at] != 0;
       ++at)
    text.AddChar(line[at]);
  return !text.view().empty() && at < size;
}

ExecFate FateOfFile(const char* path, int scripts) {
  const File file(path);
  struct stat info {};
  char start[4] = {};
  // A file that cannot be read gives no reason. A file that does not exist is not executed.
  if (!file.Regular(&info) || file.ReadSome(start, sizeof start, 0) < sizeof start)
    return ExecFate::kTracked;
  if (start[0] == '#' && start[1] == '!') {
    char interpreter[128];
    return scripts > 0 && ReadInterpreter(file, interpreter) ? FateOfFile(interpreter, scripts - 1)
                                                             : ExecFate::kTracked;
  }
  Elf64_Ehdr header;
  if (std::memcmp(start, ELFMAG, SELFMAG) != 0 || !file.Read(&header, sizeof header, 0))
    return ExecFate::kTracked;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
    return ExecFate::kOtherMachine;
  return RaisesRights(file, info) ? ExecFate::kRaisesRights : FateOfElf(file, header, BaseOf(path));
}

bool IsExecutable(const char* path) {
  return raw::Call(SYS_faccessat, AT_FDCWD, raw::Ptr(path), 1 /* X_OK */) == 0;
}

bool HasSlash(const char* path) {
  for (; path != nullptr && *path != 0; ++path) {
    if (*path == '/') return true;
  }
  return false;
}

// Keeps the end of a long path, which tells more than its start.
void NameOf(const char* path, char (&name)[sizeof(NoteEntry::name)]) {
  const std::string_view whole(path != nullptr ? path : "a file that is open");
  Text text(name);
  if (whole.size() <= kLongestName) {
    text.Add(whole);
  } else {
    text.Add("...").Add(From(whole, whole.size() - (kLongestName - 3)));
  }
}

// True if this is noted already, or if there are too many notes.
bool IsNoted(const capture::RecorderHeader& header, const char* name, uint16_t value) {
  uint32_t count = 0;
  for (const NoteEntry& note : header.notes) {
    if (note.state.load(std::memory_order_acquire) != capture::kNoteOpen ||
        note.kind != capture::NoteKind::kExec)
      continue;
    if (note.value == value && std::strcmp(note.name, name) == 0) return true;
    ++count;
  }
  return count >= kMostExecNotes;
}

}  // namespace

void RememberPreload(const char* const* environment) {
  g_came_by_preload.store(!OurEntry(Find(environment, "LD_PRELOAD")).empty(),
                          std::memory_order_relaxed);
}

capture::ExecFate FateOfExec(const char* path, const char* const* environment) {
  if (!g_came_by_preload.load(std::memory_order_relaxed)) return ExecFate::kTracked;
  if (!CanBeRead(environment)) return ExecFate::kTracked;
  const std::string_view preload = Find(environment, "LD_PRELOAD");
  if (preload.empty()) return ExecFate::kPreloadGone;
  const std::string_view entry = OurEntry(preload);
  if (entry.empty()) return ExecFate::kPreloadReplaced;
  if (!CanBeReached(entry)) return ExecFate::kLibraryOutOfReach;
  return raw::Readable(path) && HasSlash(path) ? FateOfFile(path, 2) : ExecFate::kTracked;
}

NoteHandle NoteExec(capture::RecorderHeader& header, const char* path,
                    const char* const* environment, bool own, uint64_t now_ms) {
  const ExecFate fate = FateOfExec(path, environment);
  if (fate == ExecFate::kTracked || (path != nullptr && !raw::Readable(path))) return 0;
  // A search along PATH tries the file in each directory. A file that does not exist gets no note.
  if (path != nullptr && HasSlash(path) && !IsExecutable(path)) return 0;
  char name[sizeof(NoteEntry::name)];
  NameOf(path, name);
  const auto value =
      static_cast<uint16_t>(static_cast<uint32_t>(fate) | (own ? 0 : capture::kExecOfChild));
  return IsNoted(header, name, value)
             ? 0
             : BeginNote(header, capture::NoteKind::kExec, name, value, now_ms);
}

}  // namespace leaktrack::track
