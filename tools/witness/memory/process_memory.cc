// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/process_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/witness/memory/page_map.h"
#include "tools/witness/memory/proc_text.h"
#include "tools/witness/memory/threads.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kWindow = 1 << 20;

class ProcessMemory final : public Memory {
 public:
  ProcessMemory(pid_t pid, const ProcessReading& how)
      : pid_(pid), pages_(pid), left_elsewhere_(how.elsewhere_bytes), window_(kWindow) {}
  ~ProcessMemory() override {
    if (fd_ >= 0) close(fd_);
  }

  absl::Status Open(const ProcessReading& how);
  size_t Read(uint64_t address, void* to, size_t size) override;
  void ReadWritten(Range range,
                   absl::FunctionRef<void(uint64_t, const char*, size_t)> visit) override;

 private:
  using Visit = absl::FunctionRef<void(uint64_t, const char*, size_t)>;
  void ReadRun(Range run, Visit visit);
  void ReadFile(const Mapping& mapping, Range run, Visit visit);
  ssize_t ReadByFile(uint64_t address, void* to, size_t size);

  const pid_t pid_;
  PageMap pages_;
  int fd_ = -1;  // of /proc/PID/mem, where process_vm_readv is refused
  bool by_file_ = false;
  uint64_t left_elsewhere_;
  std::vector<char> window_;
};

absl::Status WhyNot(pid_t pid, int error) {
  if (error == ESRCH) return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  struct stat facts {};
  if (stat(absl::StrCat("/proc/", pid).c_str(), &facts) == 0 && facts.st_uid != geteuid() &&
      geteuid() != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "process ", pid, " belongs to user ", facts.st_uid,
        ": its memory may be read by that user and by root; ask again as one of them"));
  }
  const std::string yama = ProcText("/proc/sys/kernel/yama/ptrace_scope");
  if (!yama.empty() && yama[0] != '0') {
    return absl::PermissionDeniedError(absl::StrCat(
        "the memory of process ", pid, " may not be read: kernel.yama.ptrace_scope is ",
        yama.substr(0, 1), ", which needs the capability CAP_SYS_PTRACE; ask again as root"));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("the memory of process ", pid, " may not be read (", strerror(error),
                   "): it needs the capability CAP_SYS_PTRACE, or a process that is dumpable"));
}

absl::Status ProcessMemory::Open(const ProcessReading& how) {
  const std::string process = absl::StrCat("/proc/", pid_);
  if (access(process.c_str(), F_OK) != 0) return WhyNot(pid_, ESRCH);
  maps_ = ParseMaps(ProcText(process + "/maps"));
  if (maps_.empty()) {
    if (access((process + "/maps").c_str(), R_OK) != 0) return WhyNot(pid_, errno);
    return absl::FailedPreconditionError(
        absl::StrCat("process ", pid_, " has no memory: it is a kernel thread, or has ended"));
  }
  const auto readable = std::ranges::find_if(maps_, &Mapping::readable);
  char byte = 0;
  if (readable != maps_.end() && Read(readable->range.start, &byte, 1) != 1)
    return WhyNot(pid_, errno == 0 ? EPERM : errno);
  threads_ = how.threads != nullptr ? *how.threads : ReadThreads(pid_);
  if (how.stop_for_registers) stopped_seconds_ = TakeRegisters(threads_);
  kernel_words_ = ReadKernelWords(pid_, doubts_);
  return absl::OkStatus();
}

ssize_t ProcessMemory::ReadByFile(uint64_t address, void* to, size_t size) {
  if (fd_ < 0) fd_ = open(absl::StrCat("/proc/", pid_, "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  return fd_ < 0 ? -1 : pread(fd_, to, size, static_cast<off_t>(address));
}

size_t ProcessMemory::Read(uint64_t address, void* to, size_t size) {
  if (address >> 47 != 0) return 0;
  ssize_t got = -1;
  if (!by_file_) {
    const iovec ours{to, size}, theirs{reinterpret_cast<void*>(address), size};
    got = process_vm_readv(pid_, &ours, 1, &theirs, 1, 0);
    by_file_ = got < 0 && (errno == EPERM || errno == ENOSYS);
  }
  if (by_file_) got = ReadByFile(address, to, size);
  if (got > 0) bytes_read_ += static_cast<uint64_t>(got);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

void ProcessMemory::ReadRun(Range run, Visit visit) {
  while (run.start < run.end) {
    const size_t size = std::min<uint64_t>(kWindow, run.size());
    const size_t got = Read(run.start, window_.data(), size);
    if (got > 0) visit(run.start, window_.data(), got);
    run.start += got;
    if (got == size) continue;
    // A page that went away meanwhile, or was never readable.
    const uint64_t next = std::min(run.end, (run.start / 4096 + 1) * 4096);
    unread_bytes_ += next - run.start;
    run.start = next;
  }
}

// What is not present of a shared file is read from the file, which changes nothing in the process.
void ProcessMemory::ReadFile(const Mapping& mapping, Range run, Visit visit) {
  const std::string by_range =
      absl::StrCat("/proc/", pid_, "/map_files/", absl::Hex(mapping.range.start), "-",
                   absl::Hex(mapping.range.end));
  int fd = open(by_range.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && !mapping.deleted)
    fd = open(absl::StrCat("/proc/", pid_, "/root", mapping.path).c_str(),
              O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat facts {};
  const bool same =
      fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_ino == mapping.inode;
  const uint64_t bias = mapping.offset - mapping.range.start;
  while (same && run.start < run.end) {
    const off_t data = lseek(fd, static_cast<off_t>(run.start + bias), SEEK_DATA);
    if (data < 0) run.start = run.end;  // a hole up to the end of the file
    if (data > 0) run.start = std::max(run.start, static_cast<uint64_t>(data) - bias);
    if (run.start >= run.end) break;
    const size_t size = std::min<uint64_t>(kWindow, run.size());
    const ssize_t got = pread(fd, window_.data(), size, static_cast<off_t>(run.start + bias));
    if (got <= 0) break;
    bytes_read_ += static_cast<uint64_t>(got);
    visit(run.start, window_.data(), static_cast<size_t>(got));
    run.start += static_cast<uint64_t>(got);
  }
  if (fd >= 0) close(fd);
  if (run.start < run.end) unread_bytes_ += run.size();
}

void ProcessMemory::ReadWritten(Range range, Visit visit) {
  for (auto at = std::lower_bound(
           maps_.begin(), maps_.end(), range.start,
           [](const Mapping&one, uint64_t address) { return one.range.end <= address; });
       at != maps_.end() && at->range.start < range.end; ++at) {
    const Mapping& mapping = *at;
    if (!mapping.readable) continue;
    const Range part{std::max(range.start, mapping.range.start),
                     std::min(range.end, mapping.range.end)};
    pages_.Written(mapping, part, [&](Range run, bool present) {
      if (present) return ReadRun(run, visit);
      if (run.size() > left_elsewhere_) {
        unread_bytes_ += run.size();
        return;
      }
      left_elsewhere_ -= run.size();
      if (mapping.shared && mapping.IsFile()) return ReadFile(mapping, run, visit);
      ReadRun(run, visit);
    });
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Memory>> OpenProcessMemory(pid_t pid, const ProcessReading& how) {
  auto memory = std::make_unique<ProcessMemory>(pid, how);
  if (absl::Status status = memory->Open(how); !status.ok()) return status;
  return std::unique_ptr<Memory>(std::move(memory));
}

}  // namespace leaktrack::witness
