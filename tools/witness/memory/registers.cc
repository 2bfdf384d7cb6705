// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tools/witness/memory/threads.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kVectorBytes = 16 << 10;  // the extended state of any processor so far

void TakeGeneral(pid_t tid, Thread& thread) {
  user_regs_struct registers{};
  iovec room{&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &room) != 0) return;
  thread.stack_pointer = registers.rsp;
  thread.thread_pointer = registers.fs_base;
  thread.registers.resize(room.iov_len / sizeof(uint64_t));
  memcpy(thread.registers.data(), &registers, thread.registers.size() * sizeof(uint64_t));
  thread.has_registers = true;
}

void TakeVector(pid_t tid, Thread& thread) {
  std::vector<uint64_t> state(kVectorBytes / sizeof(uint64_t));
  iovec room{state.data(), kVectorBytes};
  if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &room) != 0) return;
  state.resize(room.iov_len / sizeof(uint64_t));
  thread.registers.insert(thread.registers.end(), state.begin(), state.end());
}

// True: it stands still and waits to be let go.
bool Stop(pid_t tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return false;
  int status = 0;
  if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0) {
    while (waitpid(tid, &status, __WALL) < 0) {
      if (errno != EINTR) return false;
    }
    if (WIFSTOPPED(status)) return true;
  }
  ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
  return false;
}

}  // namespace

void TakeStoppedRegisters(Thread& thread) {
  TakeGeneral(thread.tid, thread);
  if (thread.has_registers) TakeVector(thread.tid, thread);
}

double TakeRegisters(std::vector<Thread>& threads) {
  const auto start = std::chrono::steady_clock::now();
  for (Thread& thread : threads) {
    if (!Stop(thread.tid)) continue;
    TakeStoppedRegisters(thread);
    ptrace(PTRACE_DETACH, thread.tid, nullptr, nullptr);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace leaktrack::witness
