// SPDX-License-Identifier: Apache-2.0
//
// Simulates what another user of the machine does meanwhile. For tests that run as root; others
// skip.
#ifndef LEAKTRACK_TESTS_BASE_SECOND_USER_H_
#define LEAKTRACK_TESTS_BASE_SECOND_USER_H_

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <string>

namespace leaktrack {

constexpr uid_t kNobody = 65534;

// Runs `work` in a child as user nobody. Returns its exit status: 0 if `work` returned true.
inline int AsNobody(const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    const bool changed = setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 && setuid(kNobody) == 0;
    _exit(changed && work() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

// As user nobody, alternately puts a directory of nobody's and a link to `victim` at `place`, until
// it is stopped.
class Exchanger {
 public:
  Exchanger(const std::string& place, const std::string& victim) {
    constexpr int kShared = MAP_SHARED | MAP_ANONYMOUS;
    rounds_ =
        static_cast<std::atomic<int>*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kShared, -1, 0));
    child_ = fork();
    if (child_ == 0) {
      const bool changed =
          setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 && setuid(kNobody) == 0;
      const std::string link = place + ".link";
      if (!changed || mkdir(place.c_str(), 0777) != 0 || symlink(victim.c_str(), link.c_str()) != 0)
        _exit(1);
      for (;; ++*rounds_)
        renameat2(AT_FDCWD, place.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
    }
    while (*rounds_ == 0 && waitpid(child_, nullptr, WNOHANG) == 0) usleep(100);
  }
  ~Exchanger() {
    Stop();
    munmap(rounds_, 4096);
  }
  Exchanger(const Exchanger&) = delete;
  Exchanger& operator=(const Exchanger&) = delete;

  // How many times it has exchanged them. 0: it could not.
  int Stop() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    child_ = -1;
    return *rounds_;
  }

 private:
  pid_t child_ = -1;
  std::atomic<int>* rounds_ = nullptr;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TESTS_BASE_SECOND_USER_H_
