// SPDX-License-Identifier: Apache-2.0
//
// Stops the threads of a process from outside, while one of them waits for us.
//
// Promises: they go on when the object ends, on every path, and if we die: the kernel lets go what
// a dead tracer held. What waits for us is not stopped, so that it can give up on us.
//
// Thread-safety: none; all from one thread, because ptrace knows threads.
#ifndef LEAKTRACK_TOOLS_WITNESS_EXIT_HELD_THREADS_H_
#define LEAKTRACK_TOOLS_WITNESS_EXIT_HELD_THREADS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

class HeldThreads {
 public:
  // Stops all threads of `pid` but those in `leave`, numbers as we see them.
  HeldThreads(pid_t pid, const std::vector<pid_t>& leave);
  ~HeldThreads() { LetGo(); }
  HeldThreads(const HeldThreads&) = delete;
  HeldThreads& operator=(const HeldThreads&) = delete;

  // Those that stand still, with their registers.
  const std::vector<Thread>& threads() const { return threads_; }
  // Why one could not be stopped; empty: all stand still.
  const std::string& problem() const { return problem_; }

  void LetGo();

 private:
  bool StopNew(pid_t pid, const std::vector<pid_t>& leave);
  void Stop(pid_t pid, pid_t tid);

  const pid_t pid_;
  std::vector<Thread> threads_;
  std::vector<pid_t> seized_, seen_;
  std::string problem_;
};

// The number that we see of the thread that the process itself calls `tid`; 0: there is none.
pid_t ThreadNumberHere(pid_t pid, pid_t tid);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_EXIT_HELD_THREADS_H_
