// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/locking.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdint>

#include "libtrack/platform/os/maps_reader.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/sparse_memory.h"
#include "libtrack/runtime/run.h"

extern "C" {
extern const char __ehdr_start[] __attribute__((visibility("hidden")));  // of this library
extern const char _end[] __attribute__((visibility("hidden")));
}

namespace leaktrack::track {
namespace {

constexpr int kMlockOnFault = 1;  // MLOCK_ONFAULT
constexpr int kFuture = MCL_FUTURE | MCL_ONFAULT;

bool IsOurs(const MapsLine& line) {
  const auto from = reinterpret_cast<uintptr_t>(__ehdr_start),
             to = reinterpret_cast<uintptr_t>(_end);
  return IsSparse(line.start) || (line.start >= from && line.start < to);
}

// Calls visit(start, bytes) for each mapping, either ours or the program's. False: the mappings
// cannot be read.
template <typename Visit>
bool ForEachMapping(bool ours, Visit visit) {
  char buffer[4096];
  MapsReader reader(buffer);
  MapsLine line;
  while (reader.Next(line)) {
    if (IsOurs(line) == ours)
      visit(static_cast<long>(line.start), static_cast<long>(line.end - line.start));
  }
  return reader.ok();
}

bool LockTheirs(int flags) {
  rlimit limit{};
  uint64_t bytes = 0;
  if (raw::Call(SYS_prlimit64, 0, RLIMIT_MEMLOCK, 0, raw::Ptr(&limit)) < 0) return false;
  if (!ForEachMapping(false, [&](long, long length) { bytes += static_cast<uint64_t>(length); }))
    return false;
  if (bytes > limit.rlim_cur) return false;
  if ((flags & MCL_FUTURE) != 0 && raw::Call(SYS_mlockall, flags & kFuture) != 0) return false;
  const long on_fault = (flags & MCL_ONFAULT) != 0 ? kMlockOnFault : 0;
  // As mlockall does, without checking that each page could be had.
  return ForEachMapping(
      false, [=](long start, long length) { raw::Call(SYS_mlock2, start, length, on_fault); });
}

void UnlockOurs() {
  ForEachMapping(true, [](long start, long length) { raw::Call(SYS_munlock, start, length); });
}

}  // namespace

int LockAllMemory(int flags) {
  BeBornBeforeCall();
  const long result = raw::Call(SYS_mlockall, flags);
  const bool ours_matter = (flags & MCL_CURRENT) != 0 && g_filter.is_open() && !raw::Forbidden();
  if (result == 0) {
    if (ours_matter) UnlockOurs();
    return 0;
  }
  if (result == -ENOMEM && ours_matter && LockTheirs(flags)) return 0;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace leaktrack::track
