// SPDX-License-Identifier: Apache-2.0
//
// A real process to examine: a shell that says that it runs, or a child of this test; it waits
// until it is killed at the end of its scope.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_INSPECT_HELPER_PROCESS_H_
#define LEAKTRACK_TESTS_INSPECT_HELPER_PROCESS_H_

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace leaktrack::testing {

class HelperProcess {
 public:
  // A child of this process that calls `begin`, and then makes no call but read and write.
  explicit HelperProcess(const std::function<void()>& begin) {
    Start([&begin](int ready, int wait) {
      begin();
      char byte = '\n';
      if (write(ready, &byte, 1) != 1) _exit(1);
      if (read(wait, &byte, 1) < 0) _exit(1);
    });
  }

  // /bin/sh with these variables added to its environment.
  explicit HelperProcess(const std::vector<std::string>& variables) {
    Start([&variables](int ready, int wait) {
      for (const std::string& one : variables) putenv(const_cast<char*>(one.c_str()));
      dup2(wait, STDIN_FILENO);
      dup2(ready, STDOUT_FILENO);
      execl("/bin/sh", "sh", "-c", "echo; read line", nullptr);
      _exit(127);
    });
  }

  ~HelperProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(wait_);
  }
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool is_ready() const { return is_ready_; }

 private:
  void Start(const std::function<void(int ready, int wait)>& child) {
    int ready[2], wait[2];
    if (pipe(ready) != 0 || pipe(wait) != 0) abort();
    pid_ = fork();
    if (pid_ < 0) abort();
    if (pid_ == 0) {
      child(ready[1], wait[0]);
      _exit(0);
    }
    close(ready[1]);
    close(wait[0]);
    char byte = 0;
    is_ready_ = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    wait_ = wait[1];
  }

  pid_t pid_ = -1;
  int wait_ = -1;  // the process reads what nobody writes here
  bool is_ready_ = false;
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_INSPECT_HELPER_PROCESS_H_
