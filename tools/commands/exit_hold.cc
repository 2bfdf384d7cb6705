// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/exit_hold.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libtrack/capture/hold_request.h"
#include "tools/base/notice.h"
#include "tools/commands/recorders.h"
#include "tools/witness/exit/exit_look.h"
#include "tools/witness/memory_file.h"

namespace leaktrack {
namespace {

constexpr char kHold[] = "LEAKTRACK_HOLD";
constexpr int kQueue = 4096, kRequestMs = 2000;

// Nobody else can guess it.
std::string FreshName() {
  uint64_t words[2] = {};
  if (getrandom(words, sizeof words, 0) != sizeof words) return "";
  return absl::StrFormat("leaktrack-gate.%d.%016x%016x", getpid(), words[0], words[1]);
}

int Listen(const std::string& name) {
  sockaddr_un address{};
  if (name.empty() || name.size() + 1 > sizeof address.sun_path) return -1;
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&address), bytes) == 0 &&
      listen(fd, kQueue) == 0)
    return fd;
  if (fd >= 0) close(fd);
  return -1;
}

bool Receive(int connection, capture::HoldRequest& request) {
  pollfd wait{connection, POLLIN, 0};
  return poll(&wait, 1, kRequestMs) == 1 &&
         recv(connection, &request, sizeof request, MSG_DONTWAIT) == sizeof request &&
         request.magic == capture::kHoldMagic && request.version == capture::kHoldVersion;
}

pid_t PeerOf(int connection) {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 ? peer.pid : 0;
}

// The capture of this run in `directory`; empty: there is none.
std::string CaptureOf(const std::string& directory, uint64_t run_id) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".ltk") && RunIdOf(path) == run_id) return path;
  }
  return "";
}

bool HasLost(const witness::RunMemory& memory) {
  return std::ranges::any_of(memory.sites, [](const auto& site) { return site.memory.lost != 0; });
}

}  // namespace

bool ExitHold::IsNested() {
  static const bool nested = getenv(kHold) != nullptr;
  if (!nested) return false;
  SayOnce("this gate runs inside another gate: what its processes lose is not looked at");
  unsetenv(kHold);
  return true;
}

ExitHold::ExitHold(const std::string& directory, const SymbolizerOptions& symbols)
    : directory_(directory), symbols_(symbols) {
  const std::string name = FreshName();
  listener_ = Listen(name);
  int stop[2];
  if (listener_ < 0 || pipe2(stop, O_CLOEXEC) != 0) return;
  stop_read_ = stop[0];
  stop_write_ = stop[1];
  setenv(kHold, name.c_str(), 1);
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ExitHold::~ExitHold() {
  if (thread_.joinable()) {
    unsetenv(kHold);
    close(stop_write_);
    thread_.join();
  }
  for (const int fd : {listener_, stop_read_}) {
    if (fd >= 0) close(fd);
  }
}

// Those that wait already are still looked at after the end was asked for.
void ExitHold::Serve() {
  for (;;) {
    pollfd waits[2] = {{listener_, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0) continue;
    if ((waits[0].revents & POLLIN) != 0) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) Answer(connection);
    } else if (waits[1].revents != 0) {
      return;
    }
  }
}

void ExitHold::Answer(int connection) {
  capture::HoldRequest request{};
  const pid_t pid = PeerOf(connection);
  if (pid <= 0 || !Receive(connection, request)) {
    close(connection);
    return;
  }
  const witness::RunMemory memory =
      witness::LookAtHeld(pid, request, symbols_, [&](const witness::RunMemory& so_far) {
        const capture::HoldAnswer answer{HasLost(so_far) ? 1u : 0u};
        send(connection, &answer, sizeof answer, MSG_NOSIGNAL);
        close(connection);
      });
  const bool final =
      request.moment != static_cast<uint32_t>(capture::HoldMoment::kRecoverableCheck);
  const std::string capture = final ? CaptureOf(directory_, memory.run_id) : "";
  if (capture.empty()) return;
  const absl::Status written = witness::WriteMemoryFile(capture, memory);
  if (!written.ok()) SayOnce(std::string(written.message()));
}

}  // namespace leaktrack
