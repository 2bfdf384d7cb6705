// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/write/header_page.h"

#include <atomic>
#include <cstddef>
#include <cstring>

#include "libtrack/capture/crc32c.h"

namespace leaktrack::capture {
namespace {

void Fill(const RecorderHeader& from, const char* recorder_path, FileHeader* to) {
  memset(to, 0, sizeof(*to));
  to->magic = kCaptureMagic;
  to->major = kMajor;
  to->minor = kMinor;
  to->header_bytes = kHeaderBytes;
  to->segment_bytes = kSegmentBytes;
  to->run_id = from.run_id;
  to->parent_run_id = from.parent_run_id;
  memcpy(to->boot_id, from.boot_id, sizeof(to->boot_id));
  to->pid_namespace = from.pid_namespace;
  to->pid = from.pid;
  to->parent_pid = from.parent_pid;
  to->start_realtime_ns = from.start_realtime_ns;
  to->start_monotonic_ns = from.start_monotonic_ns;
  to->start_ticks = from.start_ticks;
  to->limit_id = from.limit_id.load(std::memory_order_relaxed);
  memcpy(&to->cgroup, &from.cgroup, sizeof(to->cgroup));
  to->configured_interval = from.configured_interval;
  const size_t path_bytes =
      recorder_path != nullptr ? strnlen(recorder_path, sizeof(to->recorder_path)) : 0;
  // A path that does not fit is useless, so treat it as no path.
  if (path_bytes == 0 || path_bytes == sizeof(to->recorder_path))
    to->flags |= kFileRecorderAnonymous;
  if (path_bytes != 0 && path_bytes < sizeof(to->recorder_path))
    memcpy(to->recorder_path, recorder_path, path_bytes);
  if (from.no_thread != 0) to->flags |= kFileNoThread;
  memcpy(to->host, from.host, strnlen(from.host, sizeof(to->host) - 1));
  memcpy(to->program, from.program, strnlen(from.program, sizeof(to->program) - 1));
  memcpy(to->command, from.command, strnlen(from.command, sizeof(to->command) - 1));
  to->crc = Crc32c(to, offsetof(FileHeader, crc));
}

}  // namespace

bool WriteHeaderPage(const FileOps& file, const RecorderHeader& from, const char* recorder_path,
                     FileHeader* page) {
  Fill(from, recorder_path, page);
  return file.pwrite(file.context, page, sizeof *page, 0);
}

}  // namespace leaktrack::capture
