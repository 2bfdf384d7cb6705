// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/core_memory.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/symbolize/elf_file.h"
#include "tools/witness/memory/core_notes.h"
#include "tools/witness/memory/modules.h"
#include "tools/witness/memory/unpack.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kWindow = 1 << 20;
constexpr size_t kMostSegments = 1 << 20;
constexpr uint64_t kMostNotes = 256 << 20;

// The part of a mapping that is in the core.
struct Piece {
  Range range;
  uint64_t offset = 0;
};

class CoreMemory final : public Memory {
 public:
  CoreMemory(int fd, std::string sysroot)
      : fd_(fd), sysroot_(std::move(sysroot)), window_(kWindow) {}
  ~CoreMemory() override {
    close(fd_);
    for (const auto& [path, fd] : files_) {
      if (fd >= 0) close(fd);
    }
  }

  absl::Status Open(CoreNotes& notes);
  size_t Read(uint64_t address, void* to, size_t size) override;
  void ReadWritten(Range range,
                   absl::FunctionRef<void(uint64_t, const char*, size_t)> visit) override;

 private:
  absl::StatusOr<std::vector<Elf64_Phdr>> ReadSegments();
  void TakeSegments(const std::vector<Elf64_Phdr>& segments);
  void NameMappings(const CoreNotes& notes);
  void OpenFiles();
  int FileOf(const Module& module);
  size_t ReadPiece(uint64_t address, void* to, size_t size);
  size_t ReadFile(uint64_t address, void* to, size_t size);
  uint64_t VisitPiece(const Piece& piece, Range part,
                      absl::FunctionRef<void(uint64_t, const char*, size_t)> visit);
  const Piece* FindPiece(uint64_t address) const;

  const int fd_;
  const std::string sysroot_;
  uint64_t size_ = 0, missing_ = 0;
  std::vector<Piece> pieces_;         // by address
  std::map<std::string, int> files_;  // of modules, by path; -1: not the one that ran
  std::vector<char> window_;
};

absl::StatusOr<std::vector<Elf64_Phdr>> CoreMemory::ReadSegments() {
  Elf64_Ehdr header{};
  struct stat facts {};
  const bool whole = pread(fd_, &header, sizeof header, 0) == sizeof header;
  if (fstat(fd_, &facts) != 0 || !whole || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_type != ET_CORE)
    return absl::InvalidArgumentError(
        "not a core: give a process id, or the file that a process left");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != EM_X86_64 || header.e_phentsize != sizeof(Elf64_Phdr))
    return absl::UnimplementedError("a core of another architecture; 64-bit x86 ones can be read");
  size_ = static_cast<uint64_t>(facts.st_size);
  size_t count = header.e_phnum;
  Elf64_Shdr first{};
  if (count == PN_XNUM && pread(fd_, &first, sizeof first, static_cast<off_t>(header.e_shoff)) ==
                              static_cast<ssize_t>(sizeof first))
    count = first.sh_info;
  if (count > kMostSegments) return absl::InvalidArgumentError("the core has too many segments");
  std::vector<Elf64_Phdr> segments(count);
  const size_t bytes = count * sizeof(Elf64_Phdr);
  if (pread(fd_, segments.data(), bytes, static_cast<off_t>(header.e_phoff)) !=
      static_cast<ssize_t>(bytes))
    return absl::DataLossError("the core is cut off before its contents begin");
  return segments;
}

void CoreMemory::TakeSegments(const std::vector<Elf64_Phdr>& segments) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0 || segment.p_vaddr >> 47 != 0 ||
        segment.p_memsz >> 47 != 0)
      continue;
    Mapping mapping;
    mapping.range = {segment.p_vaddr, segment.p_vaddr + segment.p_memsz};
    mapping.readable = (segment.p_flags & PF_R) != 0;
    mapping.writable = (segment.p_flags & PF_W) != 0;
    mapping.executable = (segment.p_flags & PF_X) != 0;
    if (!maps_.empty() && mapping.range.start < maps_.back().range.end) continue;
    maps_.push_back(mapping);
    const uint64_t asked = std::min(segment.p_filesz, segment.p_memsz);
    const uint64_t there =
        segment.p_offset >= size_ ? 0 : std::min(asked, size_ - segment.p_offset);
    missing_ += asked - there;
    if (there != 0)
      pieces_.push_back({{segment.p_vaddr, segment.p_vaddr + there}, segment.p_offset});
  }
}

void CoreMemory::NameMappings(const CoreNotes& notes) {
  for (const CoreFile& file : notes.files) {
    for (Mapping& mapping : maps_) {
      if (mapping.range.start < file.range.start || mapping.range.end > file.range.end) continue;
      mapping.path = file.path;
      mapping.inode = 1;  // a file's; cores do not tell which
      mapping.offset = file.offset + (mapping.range.start - file.range.start);
    }
  }
  for (Mapping& mapping : maps_) {
    if (!mapping.IsFile() && mapping.range.Contains(notes.on_stack)) mapping.path = "[stack]";
  }
}

int CoreMemory::FileOf(const Module& module) {
  for (const std::string& root : {sysroot_, std::string()}) {
    std::string error;
    const std::unique_ptr<ElfFile> file = ElfFile::Open(root + module.path, &error);
    if (file != nullptr && !module.build_id.empty() && file->build_id() == module.build_id)
      return open(file->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  }
  return -1;
}

void CoreMemory::OpenFiles() {
  std::string absent;
  size_t count = 0;
  for (const Module& module : FindModules(*this)) {
    const int fd = FileOf(module);
    files_.emplace(module.path, fd);
    if (fd >= 0) continue;
    if (count++ == 0) absent = module.path;
  }
  if (count != 0) {
    doubts_.push_back(absl::StrCat("of ", files_.size(), " files of the process ", count,
                                   " are not here (", absent, count > 1 ? " ..." : "",
                                   "): names of types and variables are missing; --sysroot names a "
                                   "directory with them"));
  }
}

absl::Status CoreMemory::Open(CoreNotes& notes) {
  ASSIGN_OR_RETURN(const std::vector<Elf64_Phdr> segments, ReadSegments());
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMostNotes) continue;
    std::string text(std::min(segment.p_filesz, size_), '\0');
    const ssize_t got = pread(fd_, text.data(), text.size(), static_cast<off_t>(segment.p_offset));
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    TakeCoreNotes(text, notes);
  }
  TakeSegments(segments);
  if (pieces_.empty()) return absl::DataLossError("the core is cut off before its memory begins");
  NameMappings(notes);
  threads_ = notes.threads;
  unread_bytes_ = missing_;
  if (missing_ != 0)
    doubts_.push_back(absl::StrCat(
        "the core is cut off: ", FormatSize(static_cast<double>(missing_)), " are missing"));
  OpenFiles();
  return absl::OkStatus();
}

const Piece* CoreMemory::FindPiece(uint64_t address) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), address,
                       [](uint64_t value, const Piece& one) { return value < one.range.start; });
  if (after == pieces_.begin() || !std::prev(after)->range.Contains(address)) return nullptr;
  return &*std::prev(after);
}

size_t CoreMemory::ReadPiece(uint64_t address, void* to, size_t size) {
  const Piece* const piece = FindPiece(address);
  if (piece == nullptr) return ReadFile(address, to, size);
  const size_t part = std::min<uint64_t>(size, piece->range.end - address);
  const ssize_t got =
      pread(fd_, to, part, static_cast<off_t>(piece->offset + (address - piece->range.start)));
  return got > 0 ? static_cast<size_t>(got) : 0;
}

size_t CoreMemory::ReadFile(uint64_t address, void* to, size_t size) {
  const Mapping* const mapping = FindMapping(maps_, address);
  if (mapping == nullptr || mapping->writable) return 0;
  const auto file = files_.find(mapping->path);
  if (file == files_.end() || file->second < 0) return 0;
  const ssize_t got = pread(file->second, to, std::min(size, mapping->range.end - address),
                            static_cast<off_t>(mapping->offset + (address - mapping->range.start)));
  return got > 0 ? static_cast<size_t>(got) : 0;
}

size_t CoreMemory::Read(uint64_t address, void* to, size_t size) {
  size_t done = 0;
  while (done < size) {
    const size_t got = ReadPiece(address + done, static_cast<char*>(to) + done, size - done);
    if (got == 0) break;
    done += got;
  }
  bytes_read_ += done;
  return done;
}

// Holes of the file are pages that were never written.
uint64_t CoreMemory::VisitPiece(const Piece& piece, Range part,
                                absl::FunctionRef<void(uint64_t, const char*, size_t)> visit) {
  const uint64_t bias = piece.offset - piece.range.start;  // from address to offset
  while (part.start < part.end) {
    const off_t at = static_cast<off_t>(part.start + bias);
    const off_t data = lseek(fd_, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) return part.end;
    // Whole words only: holes begin at pages of the file, which need not be the process's.
    if (data > at) part.start += static_cast<uint64_t>(data - at) & ~uint64_t{15};
    if (part.start >= part.end) break;
    const size_t size = std::min<uint64_t>(kWindow, part.size());
    const ssize_t got = pread(fd_, window_.data(), size, static_cast<off_t>(part.start + bias));
    if (got <= 0) break;
    bytes_read_ += static_cast<uint64_t>(got);
    visit(part.start, window_.data(), static_cast<size_t>(got));
    part.start += static_cast<uint64_t>(got);
  }
  return std::min(part.start, part.end);
}

void CoreMemory::ReadWritten(Range range,
                             absl::FunctionRef<void(uint64_t, const char*, size_t)> visit) {
  for (const Mapping& mapping : maps_) {
    if (mapping.range.end <= range.start || mapping.range.start >= range.end) continue;
    Range part{std::max(range.start, mapping.range.start), std::min(range.end, mapping.range.end)};
    const Piece* const piece = FindPiece(mapping.range.start);
    if (piece != nullptr && part.start < piece->range.end)
      part.start = VisitPiece(*piece, {part.start, std::min(part.end, piece->range.end)}, visit);
    // What the process may have written, and the core does not have.
    if (mapping.writable && part.start < part.end) unread_bytes_ += part.size();
  }
}

}  // namespace

absl::StatusOr<OpenedCore> OpenCore(const std::string& path, const std::string& sysroot) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat facts {};
  if (fd < 0) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  char magic[4] = {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || pread(fd, magic, 4, 0) != 4) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a core"));
  }
  const Packing packing = PackingOf({magic, sizeof magic});
  if (packing != Packing::kNone) {
    const absl::StatusOr<int> unpacked = Unpack(fd, packing);
    close(fd);
    if (!unpacked.ok())
      return absl::Status(unpacked.status().code(),
                          absl::StrCat(path, ": ", unpacked.status().message()));
    fd = *unpacked;
  }
  auto memory = std::make_unique<CoreMemory>(fd, sysroot);
  CoreNotes notes;
  if (const absl::Status status = memory->Open(notes); !status.ok())
    return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  return OpenedCore{std::move(memory), notes.command, notes.pid};
}

}  // namespace leaktrack::witness
