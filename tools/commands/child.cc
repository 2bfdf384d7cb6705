// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "tools/commands/exit_code.h"

namespace leaktrack {
namespace {

constexpr std::array<int, 2> kIgnored = {SIGINT, SIGQUIT};
constexpr std::array<int, 2> kForwarded = {SIGTERM, SIGHUP};

volatile sig_atomic_t g_child = 0;

void Forward(int signal) {
  if (g_child > 0) kill(g_child, signal);
}

// Blocks the forwarded signals around fork, so that one which comes between fork and g_child is not
// lost.
class Dispositions {
 public:
  Dispositions() {
    sigset_t forwarded;
    sigemptyset(&forwarded);
    for (const int signal : kForwarded) sigaddset(&forwarded, signal);
    sigprocmask(SIG_BLOCK, &forwarded, &mask_);
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < kIgnored.size(); ++i) sigaction(kIgnored[i], &action, &ignored_[i]);
    action.sa_handler = Forward;
    for (size_t i = 0; i < kForwarded.size(); ++i) {
      sigaction(kForwarded[i], nullptr, &forwarded_[i]);
      // nohup's choice is to be kept.
      if (forwarded_[i].sa_handler != SIG_IGN) sigaction(kForwarded[i], &action, nullptr);
    }
  }
  void RestoreInChild() const {
    for (size_t i = 0; i < kIgnored.size(); ++i) sigaction(kIgnored[i], &ignored_[i], nullptr);
    for (size_t i = 0; i < kForwarded.size(); ++i)
      sigaction(kForwarded[i], &forwarded_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  void Unblock() const { sigprocmask(SIG_SETMASK, &mask_, nullptr); }

 private:
  sigset_t mask_;
  std::array<struct sigaction, 2> ignored_{};
  std::array<struct sigaction, 2> forwarded_{};
};

int64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool IsEnd(const siginfo_t& info) {
  return info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
}

// Waits for the end, but leaves the process to be asked for its status. Where another thread of
// ours stops the process for a look (exit_hold.h), the kernel tells us of that, too, unasked.
std::string NameAtEnd(pid_t pid) {
  constexpr timespec kNap{0, 200'000};
  for (;;) {
    siginfo_t info{};
    const int waited = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    if (waited == 0 ? IsEnd(info) : errno != EINTR) break;
    if (waited == 0) nanosleep(&kNap, nullptr);
  }
  std::string name;
  std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
  std::getline(comm, name);
  return name;
}

}  // namespace

int ChildEnd::ExitCode() const {
  if (WIFSIGNALED(wait_status)) return kExitSignalBase + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

ChildEnd RunChild(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const Dispositions dispositions;
  ChildEnd end;
  end.pid = fork();
  if (end.pid == 0) {
    dispositions.RestoreInChild();
    execv(path.c_str(), argv.data());
    const int error = errno;
    fprintf(stderr, "leaktrack: %s: %s\n", path.c_str(), strerror(error));
    _exit(error == ENOENT ? kExitCommandNotFound : kExitCannotExecute);
  }
  end.error = end.pid < 0 ? errno : 0;
  g_child = end.pid;
  dispositions.Unblock();
  if (end.pid < 0) return end;
  end.last_name = NameAtEnd(end.pid);
  end.ended_ns = MonotonicNs();
  while (waitpid(end.pid, &end.wait_status, 0) < 0 ? errno == EINTR : WIFSTOPPED(end.wait_status)) {
  }
  g_child = 0;
  return end;
}

}  // namespace leaktrack
