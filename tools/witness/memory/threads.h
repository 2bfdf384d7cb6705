// SPDX-License-Identifier: Apache-2.0
//
// The threads of a living process: names, and where their stacks stand.
//
// Limits: without ptrace the kernel tells a thread's stack pointer and the arguments of its system
// call while it waits in one, and nothing of a thread on a processor.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_THREADS_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_THREADS_H_

#include <sys/types.h>

#include <string_view>
#include <vector>

#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

// The numbers of its threads.
std::vector<pid_t> ThreadNumbers(pid_t pid);

std::vector<Thread> ReadThreads(pid_t pid);

// Fills in `thread` from the text of /proc/PID/task/TID/syscall.
void TakeSystemCall(std::string_view text, Thread& thread);

// Stops each thread, takes its general and vector registers and lets it go on. Threads that may
// not be stopped keep what they had. Returns the seconds in which the first was stopped until the
// last went on.
double TakeRegisters(std::vector<Thread>& threads);

// The same of one thread that stands still and is traced by the calling one.
void TakeStoppedRegisters(Thread& thread);

// What epoll instances and timers of the process carry, by /proc. Adds a doubt where
// something may hold pointers that /proc does not tell.
std::vector<KernelWord> ReadKernelWords(pid_t pid, Doubts& doubts);

// The words behind "data:" of an epoll instance's fdinfo, and of the values of timers.
void TakeEpollData(std::string_view fdinfo, std::vector<KernelWord>& words);
void TakeTimerValues(std::string_view timers, std::vector<KernelWord>& words);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_THREADS_H_
