// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/run_start.h"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>

#include "libtrack/capture/format.h"
#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/process_memory.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/text.h"
#include "libtrack/platform/real/allocator_statistics.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/hook_coverage.h"
#include "libtrack/runtime/identity.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/threads.h"

namespace leaktrack::track {
namespace {

constexpr uint64_t kLiveLimit = 32'768;

// Files of the current run. The paths outlive BuildRun, because the drainer and RestartDrainer use
// them.
struct RunFiles {
  char capture_path[1024];
  char recorder_path[128];
};
constinit RunFiles g_files{};
constinit char g_problem[1400]{};
// Not on the stack: the stack of a forked child's coroutine may be 4 KiB.
constinit Identity g_identity{};

bool Commit(void*, capture::RegionId id, uint64_t bytes) { return CommitRegion(id, bytes); }

bool CommitModules(uint64_t bytes) { return CommitRegion(capture::kRegionModules, bytes); }

// Exact mode may hold as many blocks as fit into one sixteenth of the memory that the process may
// use.
uint64_t ExactBlockLimit() {
  ProcessMemoryReader reader{};
  reader.Open();
  capture::MemorySampleRaw memory;
  reader.Read(&memory);
  reader.Close();
  int64_t limit = int64_t{4} << 30;  // if the system does not tell
  if (memory.machine_total > 0) limit = memory.machine_total;
  if (memory.cgroup_max > 0) limit = std::min(limit, memory.cgroup_max);
  if (memory.rlimit_as > 0) limit = std::min(limit, memory.rlimit_as);
  return std::max<uint64_t>(static_cast<uint64_t>(limit) / 16 / 48, kLiveLimit);
}

std::string_view ErrorText(long error) {
  switch (error) {
    case -1:
      return "operation not permitted";
    case -2:
      return "no such directory";
    case -13:
      return "permission denied";
    case -20:
      return "not a directory";
    case -24:
      return "too many open files";
    case -27:
      return "file size limit reached";
    case -28:
      return "no space left";
    case -30:
      return "read-only file system";
    case -36:
      return "name too long";
    default:
      return "cannot be created";
  }
}

StartResult Refuse(std::string_view what, std::string_view where, std::string_view why,
                   std::string_view remedy) {
  Text(g_problem)
      .Add("leaktrack: ")
      .Add(what)
      .AddSafely(where)
      .Add(": ")
      .Add(why)
      .Add("; the program runs on untracked. ")
      .Add(remedy);
  return {false, g_problem};
}

// The problem line of a run that starts with less than it should have.
const char* Warning(bool begun) {
  Text text(g_problem);
  if (!begun) {
    text.Add("leaktrack: no space for ")
        .AddSafely(g_files.capture_path)
        .Add("; recording goes on in memory");
    if (ImageHeader()->no_thread == 0) text.Add(" and the file is tried again every second");
    text.Add(". Free some space.");
  } else if (!g_image_file.shared) {
    text.Add(
        "leaktrack: /dev/shm is missing, full or read-only; recording goes on in private memory, "
        "and a SIGKILL would "
        "lose up to the last second. Mount a tmpfs of 64 MiB or more there.");
  }
  return text.view().empty() ? nullptr : g_problem;
}

void DiscardImage() {
  if (g_image_file.shared) raw::Call(SYS_unlinkat, AT_FDCWD, raw::Ptr(g_files.recorder_path), 0);
  if (g_image_file.fd >= 0) raw::Close(g_image_file.fd);
  if (g_image_file.base != nullptr) Unmap(WhatIsMapped());
  UseImage({}, 0);
}

bool PlaceImage(const char* path, const ImagePlan& plan) {
  UseImage(CreateRecorderFile(path, plan.image_bytes, plan.header_bytes), plan.header_bytes);
  return g_image_file.base != nullptr && CommitRange(g_image_file, 0, plan.header_bytes) &&
         InitImage(g_image_file.base, plan, Commit, nullptr);
}

bool CreateImage(const Options& options) {
  ImageOptions image_options;
  image_options.live_limit = kLiveLimit;
  if (options.interval_bytes == kExactInterval) image_options.exact_block_limit = ExactBlockLimit();
  const ImagePlan plan = PlanImage(image_options);
  if (PlaceImage(g_files.recorder_path, plan)) return true;
  // A tmpfs with too little room: remove the file and use anonymous memory instead.
  if (!g_image_file.shared) return false;
  DiscardImage();
  return PlaceImage("", plan);
}

void FillHeader(const Identity& identity, const Options& options, uint64_t parent_run_id) {
  capture::RecorderHeader& header = *ImageHeader();
  header.run_id = identity.run_id;
  header.parent_run_id = parent_run_id;
  std::memcpy(header.boot_id, identity.boot_id, sizeof header.boot_id);
  header.pid_namespace = identity.pid_namespace;
  header.start_ticks = identity.start_ticks;
  header.pid = identity.pid;
  header.parent_pid = identity.parent_pid;
  const auto ago_ns = static_cast<int64_t>(options.begun_ms_ago) * 1'000'000;
  header.start_realtime_ns = RealtimeNs() - ago_ns;
  header.start_monotonic_ns = MonotonicCoarseNs() - ago_ns;
  header.configured_interval = options.interval_bytes;
  std::memcpy(header.host, identity.host, sizeof header.host);
  std::memcpy(header.program, identity.program, sizeof header.program);
  std::memcpy(header.command, identity.command, sizeof header.command);
  Text(header.capture_path).Add(g_files.capture_path);
  header.no_thread = options.use_thread ? 0 : 1;
  Text(header.allocator).Add(AllocatorName());
  DescribeHooks(header);
}

void BindModules(bool keep) {
  capture::RecorderHeader& header = *ImageHeader();
  const capture::Region& region = header.regions[capture::kRegionModules];
  const ModuleTable table{
      .entries = reinterpret_cast<capture::ModuleEntry*>(g_image_file.base + region.offset),
      .capacity = static_cast<uint32_t>(region.entries),
      .count = &header.module_count,
      .generation = &header.module_generation,
      .lost = &header.losses[capture::kLostModules],
      .commit = CommitModules,
      .tick_ms = &header.tick_ms,
  };
  if (!keep || !MoveModuleMap(table, false)) BindModuleMap(table);
}

const char* RecorderPathOrEmpty() { return g_image_file.shared ? g_files.recorder_path : ""; }

int CreateCapture() {
  return static_cast<int>(raw::OpenAt(AT_FDCWD, g_files.capture_path,
                                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

// Starts the drainer, or notes that there is none.
void StartWriting(const Options& options, int capture_fd, bool begun) {
  const bool share = options.share_descriptors;
  const int recorder_fd = share ? -1 : g_image_file.fd;
  if (options.use_thread && StartDrainer({capture_fd, recorder_fd, RecorderPathOrEmpty(), share}))
    return;
  if (ImageHeader()->no_thread != 0) return;
  ImageHeader()->no_thread = 1;
  // Again: the page says whether there is a drainer.
  if (begun) (void)BeginCapture(capture_fd, RecorderPathOrEmpty());
}

void CloseDescriptors(const Options& options, int capture_fd) {
  if (!options.share_descriptors || !DrainerRuns()) raw::Close(capture_fd);
  if (g_image_file.fd >= 0) raw::Close(g_image_file.fd);
  g_image_file.fd = -1;
}

}  // namespace

StartResult BuildRun(const Options& options, uint64_t parent_run_id, Tracker* tracker,
                     Filter* filter) {
  Identity& identity = g_identity;
  ReadIdentity(identity);
  if (!MakeCapturePath(identity, options.out_directory, g_files.capture_path)) {
    return Refuse("the output directory ", options.out_directory,
                  "its path is too long or unreachable", "Set LEAKTRACK_OUT to another.");
  }
  MakeRecorderPath(identity, g_files.recorder_path);

  if (!CreateImage(options)) {
    DiscardImage();
    return Refuse("no memory for the recorder", "", "the system refused 6 MiB of address space",
                  "Raise the address-space limit.");
  }
  FillHeader(identity, options, parent_run_id);
  const bool allowed = FileSizeAllowed(capture::kHeaderBytes);
  const int capture_fd = CreateCapture();
  if (capture_fd < 0) {
    DiscardImage();
    return Refuse("cannot write ", g_files.capture_path, ErrorText(capture_fd),
                  "Set LEAKTRACK_OUT (or run -o) to a directory this user may write to.");
  }
  // The very next call, so that the file has its first page as soon as it has a name, however the
  // process ends.
  const bool begun = allowed && BeginCapture(capture_fd, RecorderPathOrEmpty());
  BindModules(options.keeps_modules);

  TrackerOptions tracker_options;
  tracker_options.image = g_image_file.base;
  tracker_options.commit = Commit;
  tracker_options.thread_memory = PrivateMemory;
  tracker_options.filter = filter;
  tracker_options.interval = options.interval_bytes;
  tracker_options.live_limit = kLiveLimit;
  tracker_options.exact_block_limit =
      options.interval_bytes == kExactInterval ? ExactBlockLimit() : 0;
  tracker_options.seed = identity.run_id;
  const bool bound = tracker->Bind(tracker_options);

  ImageHeader()->state.store(static_cast<uint32_t>(capture::RunState::kRunning),
                             std::memory_order_release);
  if (bound) StartWriting(options, capture_fd, begun);
  CloseDescriptors(options, capture_fd);
  return {bound, Warning(begun)};
}

bool RestartDrainer(bool share_descriptors) {
  const int capture_fd =
      raw::OpenAt(AT_FDCWD, g_files.capture_path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  const int recorder_fd =
      g_image_file.shared && !share_descriptors
          ? raw::OpenAt(AT_FDCWD, g_files.recorder_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
          : -1;
  const bool started =
      StartDrainer({capture_fd, recorder_fd, RecorderPathOrEmpty(), share_descriptors});
  if (capture_fd >= 0 && !(started && share_descriptors)) raw::Close(capture_fd);
  if (recorder_fd >= 0) raw::Close(recorder_fd);
  return started;
}

// A write beyond RLIMIT_FSIZE would raise a signal in the program. In that case the recorder stays.
bool WriteEndHere() {
  constexpr uint64_t kLargestCapture = 80 << 20;
  if (!FileSizeAllowed(kLargestCapture)) return false;
  const int fd =
      raw::OpenAt(AT_FDCWD, g_files.capture_path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  // A report that is folding right now holds the lock, and has what we would write.
  constexpr long kExclusiveAtOnce = 2 | 4;  // LOCK_EX | LOCK_NB
  const bool written = raw::Call(SYS_flock, fd, kExclusiveAtOnce) == 0 &&
                       ImageHeader()->folded.load(std::memory_order_acquire) == 0 &&
                       FinishWithoutDrainer(fd);
  raw::Close(fd);
  return written;
}

bool UnlinkRecorder() {
  constexpr long kNoEntry = -2;  // ENOENT
  if (!g_image_file.shared) return true;
  const long result = raw::Call(SYS_unlinkat, AT_FDCWD, raw::Ptr(g_files.recorder_path), 0);
  return result == 0 || result == kNoEntry;
}

}  // namespace leaktrack::track
