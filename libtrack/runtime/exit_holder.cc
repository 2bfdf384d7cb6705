// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/exit_holder.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/signal_mask.h"
#include "libtrack/record/thread_state.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/run.h"
#include "libtrack/runtime/threads.h"

// atexit is built on this function. Declared weak, because a strong reference would keep the
// program from starting where the C library does not have it.
extern "C" [[gnu::weak]] int __cxa_atexit(void (*handler)(void*), void* argument, void* dso_handle);

namespace leaktrack::track {
namespace {

using capture::HoldAnswer;
using capture::HoldMoment;
using capture::HoldRequest;
using capture::RootRegion;

constexpr long kAnyTracer = -1;
constexpr long kNsInMs = 1'000'000;

constinit sockaddr_un g_address{};
constinit uint32_t g_address_bytes = 0;
constinit bool g_ends_with_hold = false;
constinit std::atomic<bool> g_checked{false};  // the program's own final check was made
constinit std::atomic<bool> g_excuses{false};
constinit RootRegion g_regions[capture::kMostRootRegions]{};

// A descriptor of the connection, or negative.
int Connect() {
  const auto fd = static_cast<int>(
      raw::Call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd < 0) return fd;
  // The tool's queue may be full when hundreds of processes end at once.
  const int64_t until = MonotonicCoarseNs() + int64_t{capture::kLongestHoldNs};
  for (;;) {
    const long done = raw::Call(SYS_connect, fd, raw::Ptr(&g_address), g_address_bytes);
    if (done == 0) return fd;
    if (done != -EAGAIN || MonotonicCoarseNs() > until) break;
    const timespec nap{0, 2 * kNsInMs};
    raw::Call(SYS_nanosleep, raw::Ptr(&nap), 0);
  }
  raw::Close(fd);
  return -1;
}

// Where a process may be traced only by those that it names, it names the tool.
void AllowTracing(int fd) {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  const bool known = raw::Call(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, raw::Ptr(&peer),
                               raw::Ptr(&bytes)) == 0 &&
                     peer.pid > 0;
  raw::Call(SYS_prctl, PR_SET_PTRACER, known ? peer.pid : kAnyTracer);
}

HoldRequest RequestOf(HoldMoment moment, const HeldStack& stack) {
  HoldRequest request{};
  request.magic = capture::kHoldMagic;
  request.version = capture::kHoldVersion;
  request.moment = static_cast<uint32_t>(moment);
  request.run_id = ImageHeader()->run_id;
  request.stack = stack.start;
  request.thread_pointer = ThreadPointer();
  std::memcpy(request.registers, stack.registers, sizeof request.registers);
  request.tid = static_cast<uint32_t>(raw::Gettid());
  if (DrainerRuns()) {
    request.drainer_tid = static_cast<uint32_t>(DrainerThreadId());
    request.drainer_thread = DrainerThreadPointer();
  }
  request.root_regions = reinterpret_cast<uint64_t>(g_regions);
  request.excuses = g_excuses.load() ? 1 : 0;
  return request;
}

// True if an answer came in time and says that blocks are lost.
bool AwaitAnswer(int fd) {
  const int64_t until = MonotonicCoarseNs() + int64_t{capture::kLongestHoldNs};
  for (int64_t left; (left = until - MonotonicCoarseNs()) > 0;) {
    pollfd wait{fd, POLLIN, 0};
    const long ready = raw::Call(SYS_poll, raw::Ptr(&wait), 1, left / kNsInMs + 1);
    if (ready == -EINTR) continue;
    HoldAnswer answer{};
    const long got =
        ready == 1 ? raw::Call(SYS_recvfrom, fd, raw::Ptr(&answer), sizeof answer, MSG_DONTWAIT)
                   : -1;
    return got == long{sizeof answer} && answer.lost != 0;
  }
  return false;
}

// Called by exit() after everything else. What lies below the caller's frame is dead.
void OnLastExit(void*) {
  HeldStack stack{};  // no registers: the C library's own
  stack.start = reinterpret_cast<uint64_t>(__builtin_dwarf_cfa());
  if (!g_checked.load()) (void)HoldForLook(HoldMoment::kExit, stack);
  EndRun(capture::RunState::kExited);
}

}  // namespace

void PrepareHold(std::string_view address) {
  if (address.empty() || address.size() + 1 > sizeof g_address.sun_path || __cxa_atexit == nullptr)
    return;
  g_address.sun_family = AF_UNIX;
  std::memcpy(g_address.sun_path + 1, address.data(), address.size());
  g_address_bytes = static_cast<uint32_t>(offsetof(sockaddr_un, sun_path) + 1 + address.size());
  g_ends_with_hold = __cxa_atexit(OnLastExit, nullptr, nullptr) == 0;
}

bool EndsWithHold() { return g_ends_with_hold; }

bool HoldForLook(HoldMoment moment, const HeldStack& stack) {
  if (g_address_bytes == 0 || raw::Forbidden() || raw::Borrowed() || !IsTrackedProcess())
    return false;
  if (moment == HoldMoment::kCheck) g_checked.store(true);
  const SignalsBlocked blocked;
  const int fd = Connect();
  if (fd < 0) return false;
  AllowTracing(fd);
  const HoldRequest request = RequestOf(moment, stack);
  const long sent =
      raw::Call(SYS_sendto, fd, raw::Ptr(&request), sizeof request, MSG_NOSIGNAL, 0, 0);
  const bool lost = sent == long{sizeof request} && AwaitAnswer(fd);
  raw::Call(SYS_prctl, PR_SET_PTRACER, 0);
  raw::Close(fd);
  return lost;
}

void RegisterRootRegion(const void* start, size_t bytes) {
  for (RootRegion& region : g_regions) {
    uint64_t unused = 0;
    if (bytes == 0 || !std::atomic_ref<uint64_t>(region.start)
                           .compare_exchange_strong(unused, reinterpret_cast<uint64_t>(start)))
      continue;
    std::atomic_ref<uint64_t>(region.bytes).store(bytes);
    return;
  }
}

void UnregisterRootRegion(const void* start, size_t bytes) {
  for (RootRegion& region : g_regions) {
    if (region.start != reinterpret_cast<uint64_t>(start) || region.bytes != bytes) continue;
    std::atomic_ref<uint64_t>(region.bytes).store(0);
    std::atomic_ref<uint64_t>(region.start).store(0);
    return;
  }
}

void BeginExcuse() {
  NoteExcuse();
  hot_thread.flags += kOneExcuse;
}

void EndExcuse() {
  if (IsExcused(hot_thread)) hot_thread.flags -= kOneExcuse;
}

void NoteExcuse() { g_excuses.store(true); }

}  // namespace leaktrack::track
