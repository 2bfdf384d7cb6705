// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/exit/held_threads.h"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tools/witness/memory/proc_text.h"
#include "tools/witness/memory/text_parts.h"
#include "tools/witness/memory/threads.h"

namespace leaktrack::witness {
namespace {

constexpr std::chrono::seconds kLongestWait{2};
constexpr useconds_t kNapUs = 50;

enum class Stood : uint8_t { kYes, kGone, kNo };

// Asks without waiting: a wait would also take the end of a child from whom it belongs to.
Stood AwaitStop(pid_t tid) {
  const auto until = std::chrono::steady_clock::now() + kLongestWait;
  while (std::chrono::steady_clock::now() < until) {
    siginfo_t info{};
    const int done = waitid(P_PID, static_cast<id_t>(tid), &info, WSTOPPED | WNOHANG | __WALL);
    if (done == 0 && info.si_pid == tid) return Stood::kYes;
    if (done != 0 && errno == ECHILD) return Stood::kGone;
    usleep(kNapUs);
  }
  return Stood::kNo;
}

// A line "NAME:  ... NUMBER" of a status file.
pid_t LastNumberIn(const std::string& status, std::string_view name) {
  for (const std::string_view line : Parts(status, '\n')) {
    if (!line.starts_with(name)) continue;
    const std::string_view last = line.substr(line.find_last_of(" \t") + 1);
    pid_t number = 0;
    std::from_chars(last.data(), last.data() + last.size(), number);
    return number;
  }
  return 0;
}

bool IsOurChild(pid_t pid) {
  return LastNumberIn(ProcText(absl::StrCat("/proc/", pid, "/status")), "PPid:") == getpid();
}

bool IsGone(pid_t pid, pid_t tid) {
  const std::string stat = ProcText(absl::StrCat("/proc/", pid, "/task/", tid, "/stat"));
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return true;
  return stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

}  // namespace

HeldThreads::HeldThreads(pid_t pid, const std::vector<pid_t>& leave) : pid_(pid) {
  // A thread may start another before it stands still.
  while (problem_.empty() && StopNew(pid, leave)) {
  }
}

bool HeldThreads::StopNew(pid_t pid, const std::vector<pid_t>& leave) {
  bool more = false;
  for (const pid_t tid : ThreadNumbers(pid)) {
    if (std::ranges::find(leave, tid) != leave.end() ||
        std::ranges::find(seen_, tid) != seen_.end())
      continue;
    seen_.push_back(tid);
    more = true;
    Stop(pid, tid);
  }
  return more;
}

void HeldThreads::Stop(pid_t pid, pid_t tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) {
    const int error = errno;
    if (!IsGone(pid, tid))
      problem_ = absl::StrCat("another of its threads could not be stopped: ", strerror(error));
    return;
  }
  seized_.push_back(tid);
  const bool asked = ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0;
  switch (asked ? AwaitStop(tid) : Stood::kNo) {
    case Stood::kYes:
      threads_.emplace_back();
      threads_.back().tid = tid;
      threads_.back().is_main = tid == pid;
      threads_.back().name = Trim(ProcText(absl::StrCat("/proc/", pid, "/task/", tid, "/comm")));
      TakeStoppedRegisters(threads_.back());
      return;
    case Stood::kGone:
      return;
    case Stood::kNo:
      if (!IsGone(pid, tid)) problem_ = "another of its threads did not stand still within 2 s";
      return;
  }
}

// A thread that died meanwhile stays until its tracer has asked for its end; that of our own child
// is left to whoever started it.
void HeldThreads::LetGo() {
  for (const pid_t tid : seized_) {
    if (ptrace(PTRACE_DETACH, tid, nullptr, nullptr) == 0 || (tid == pid_ && IsOurChild(pid_)))
      continue;
    siginfo_t ignored{};
    waitid(P_PID, static_cast<id_t>(tid), &ignored, WEXITED | WNOHANG | __WALL);
  }
  seized_.clear();
}

pid_t ThreadNumberHere(pid_t pid, pid_t tid) {
  for (const pid_t here : ThreadNumbers(pid)) {
    const std::string status = ProcText(absl::StrCat("/proc/", pid, "/task/", here, "/status"));
    if (LastNumberIn(status, "NSpid:") == tid) return here;
  }
  return 0;
}

}  // namespace leaktrack::witness
