// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/fold.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/read/oom_evidence.h"
#include "libtrack/capture/read/owner.h"
#include "libtrack/capture/read/recorder_image.h"
#include "libtrack/capture/read/regular_file.h"
#include "libtrack/capture/write/header_page.h"
#include "libtrack/capture/write/history_writer.h"

namespace leaktrack::capture {
namespace {

struct Target {
  int fd;
  int error = 0;  // errno of the write that failed
};

bool PwriteAll(void* context, const void* data, size_t bytes, uint64_t offset) {
  auto* target = static_cast<Target*>(context);
  const auto* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t put = pwrite(target->fd, at, bytes, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      target->error = put < 0 ? errno : ENOSPC;
      return false;
    }
    at += put;
    bytes -= static_cast<size_t>(put);
    offset += static_cast<uint64_t>(put);
  }
  return true;
}

int64_t PreadAll(void* context, void* data, size_t bytes, uint64_t offset) {
  const int fd = static_cast<Target*>(context)->fd;
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        pread(fd, static_cast<char*>(data) + done, bytes - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<int64_t>(done);
}

struct ScratchMapping {
  explicit ScratchMapping(size_t size) : bytes(size) {
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  ~ScratchMapping() {
    if (memory != MAP_FAILED) munmap(memory, bytes);
  }
  ScratchMapping(const ScratchMapping&) = delete;
  ScratchMapping& operator=(const ScratchMapping&) = delete;
  void* memory;
  size_t bytes;
};

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

// The copy is ours. Make its header claim only what is really there.
void ClipRegions(const RecorderImage& image) {
  RecorderHeader* header = image.header();
  header->image_bytes = image.bytes();
  for (Region& region : header->regions) {
    const uint64_t room = region.offset < image.bytes() ? image.bytes() - region.offset : 0;
    region.reserved_bytes = std::min(region.reserved_bytes, room);
  }
}

RunState EndOf(const RecorderHeader& header, const FoldOptions& options) {
  const auto told = static_cast<RunState>(header.state.load());
  if (told != RunState::kStarting && told != RunState::kRunning) return told;
  return options.end_state.value_or(RunState::kKilled);
}

// A full disk can leave a capture without its header page. Such a file holds nothing yet and may be
// started anew. A file with any other content belongs to somebody.
bool HasNoHeaderYet(int fd, uint64_t size) {
  if (size >= kHeaderBytes) return false;
  unsigned char start[sizeof(uint64_t)] = {};
  Target target{fd};
  const int64_t got = PreadAll(&target, start, std::min<uint64_t>(size, sizeof(start)), 0);
  uint64_t magic = 0;
  memcpy(&magic, start, sizeof(magic));
  return got >= 0 && (magic == 0 || magic == kCaptureMagic);
}

// Nothing is taken from a process that is alive, nor from one whose life is unknown.
bool MayBeAlive(const RecorderHeader& header) {
  const Life life = OwnerOf(header).life;
  return life == Life::kAlive || life == Life::kUnknown;
}

// The memory of a dead process can no longer be read. What it counted itself can.
MemorySampleRaw LastSample(const RecorderHeader& header) {
  MemorySampleRaw sample;
  if (const uint64_t units = header.work_units.load(); units != 0)
    sample.work_units = static_cast<int64_t>(units);
  return sample;
}

// Returns an empty string if the epoch is written, else the reason.
std::string WriteLastEpoch(const RecorderImage& image, const std::string& recorder_path,
                           int capture_fd, RunState state) {
  RecorderHeader* header = image.header();
  ClipRegions(image);
  ScratchMapping scratch(HistoryWriter::MemoryBytes(*header));
  if (scratch.memory == MAP_FAILED) return "out of memory";
  HistoryWriter* writer = HistoryWriter::Place(scratch.memory, scratch.bytes, *header);
  Target target{capture_fd};
  const FileOps file{&target, PwriteAll, PreadAll};
  const off_t size = lseek(capture_fd, 0, SEEK_END);
  if (size >= 0 && HasNoHeaderYet(capture_fd, static_cast<uint64_t>(size))) {
    FileHeader page;
    if (!WriteHeaderPage(file, *header, recorder_path.c_str(), &page))
      return strerror(target.error);
    writer->Start(file, *header);
  } else if (!writer->Reopen(file, *header)) {
    return "it is not a capture of this run";
  }
  writer->OverrideState(state);
  const uint64_t now_ms = std::max(header->tick_ms.load(), header->end_ms.load());
  if (!writer->WriteEpoch(header, LastSample(*header), now_ms, EpochKind::kFinal)) {
    return target.error != 0 ? strerror(target.error) : "a capture has no room for more";
  }
  return fdatasync(capture_fd) == 0 ? "" : strerror(errno);
}

// Another process that folds is done in a moment. But one that holds the lock for good must not
// block us for ever.
bool LockSoon(int fd) {
  constexpr timespec kNap = {.tv_sec = 0, .tv_nsec = 20'000'000};
  for (int naps = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ++naps) {
    if (errno != EWOULDBLOCK || naps == 250) return false;
    nanosleep(&kNap, nullptr);
  }
  return true;
}

// Never creates a file over an existing one: that one may be a FIFO or a device.
int OpenCaptureFile(const std::string& path, bool may_create, std::string* why) {
  const int fd = OpenRegular(path, O_RDWR | O_NOFOLLOW, why);
  struct stat info;
  if (fd >= 0 || !may_create || lstat(path.c_str(), &info) == 0) return fd;
  const int created = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (created < 0) *why = strerror(errno);
  return created;
}

void MarkFolded(const std::string& recorder_path, const RecorderFileId& file, bool unlink_it) {
  const Descriptor recorder(
      open(recorder_path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (recorder.fd < 0 || IdOf(recorder.fd) != file) return;
  Target target{recorder.fd};
  const uint32_t folded = 1;
  PwriteAll(&target, &folded, sizeof(folded), offsetof(RecorderHeader, folded));
  if (unlink_it) unlink(recorder_path.c_str());
}

// Changes the header page of a capture. Returns an empty string, or the reason why not.
template <typename Change>
std::string ChangeHeader(int fd, Change change) {
  Target target{fd};
  FileHeader page;
  if (PreadAll(&target, &page, sizeof(page), 0) != sizeof(page)) return "it has no header";
  change(&page);
  page.crc = Crc32c(&page, offsetof(FileHeader, crc));
  return PwriteAll(&target, &page, sizeof(page), 0) ? "" : strerror(target.error);
}

// Best effort: without it the run was killed, by whom is not known.
void NoteOomKill(const RecorderHeader& header, int capture_fd, const FoldOptions& options) {
  if (EndOf(header, options) != RunState::kKilled || !options.may_be_oom_kill ||
      !IsThisBoot(header))
    return;
  DeadRun run = DeadRunOf(header);
  run.ended_ns = options.ended_ns;
  const std::optional<OomRecord> found = FindOomKill(run);
  if (found) (void)ChangeHeader(capture_fd, [&](FileHeader* page) { page->oom = *found; });
}

bool IsGone(const std::string& path) { return access(path.c_str(), F_OK) != 0 && errno == ENOENT; }

// The owner has written everything into the capture but could not remove the recorder: it had
// dropped its privileges, or it was replaced by exec.
FoldResult SkipFolded(const RecorderImage& image, const std::string& recorder_path,
                      const FoldOptions& options) {
  const bool over = options.owner_is_dead || !MayBeAlive(*image.header());
  if (options.unlink_recorder && over) MarkFolded(recorder_path, image.file(), true);
  return FoldResult::kAlreadyFolded;
}

}  // namespace

FoldResult FoldRecorder(const std::string& recorder_path, const FoldOptions& options,
                        std::string* why) {
  RecorderImage image;
  if (!image.Load(recorder_path, why))
    return IsGone(recorder_path) ? FoldResult::kGone : FoldResult::kFailed;
  if (image.header()->folded.load() != 0) return SkipFolded(image, recorder_path, options);
  if (!options.owner_is_dead && MayBeAlive(*image.header())) return FoldResult::kOwnerAlive;

  const char* named = image.header()->capture_path;
  const std::string path =
      !options.capture_path.empty()
          ? options.capture_path
          : std::string(named, strnlen(named, sizeof(image.header()->capture_path)));
  // A user who can put a file into /dev/shm, or hand us a capture, must not make us (perhaps root)
  // write where that user cannot, nor tell that user what another process did. So both files must
  // belong to one user, and we create a capture only for ourselves.
  const RecorderFileId file = image.file();
  std::string problem = "the recorder names no capture";
  Descriptor capture(path.empty() ? -1 : OpenCaptureFile(path, file.owner == geteuid(), &problem));
  if (capture.fd >= 0 && IdOf(capture.fd).owner != file.owner) {
    *why = path + ": belongs to another user than " + recorder_path;
    return FoldResult::kFailed;
  }
  const bool locked = capture.fd >= 0 && LockSoon(capture.fd);
  if (!locked) {
    if (capture.fd >= 0) problem = "another program keeps it locked";
    *why = path + ": cannot be written: " + problem;
    return FoldResult::kFailed;
  }
  // Look again under the lock: another process may have been faster, and may even have unlinked the
  // recorder.
  if (!image.Load(recorder_path, why))
    return IsGone(recorder_path) ? FoldResult::kGone : FoldResult::kFailed;
  if (image.header()->folded.load() != 0) return FoldResult::kAlreadyFolded;
  if (image.file() != file) {
    *why = recorder_path + ": has become another file meanwhile";
    return FoldResult::kFailed;
  }
  problem = WriteLastEpoch(image, recorder_path, capture.fd, EndOf(*image.header(), options));
  if (!problem.empty()) {
    *why = path + ": " + problem;
    return FoldResult::kFailed;
  }
  NoteOomKill(*image.header(), capture.fd, options);
  MarkFolded(recorder_path, file, options.unlink_recorder);
  return FoldResult::kFolded;
}

bool CompleteCopy(int fd, const RecorderImage& image, bool running, std::string* why) {
  *why = WriteLastEpoch(image, "", fd, running ? RunState::kRunning : EndOf(*image.header(), {}));
  if (why->empty()) *why = ChangeHeader(fd, [](FileHeader* page) { page->flags |= kFileComplete; });
  return why->empty();
}

}  // namespace leaktrack::capture
