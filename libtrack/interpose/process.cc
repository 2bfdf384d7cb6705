// SPDX-License-Identifier: Apache-2.0
//
// Calls that end a run, replace the program, unload code, or cannot work beside our helper thread.
#include <errno.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>

#include "libtrack/interpose/careful.h"
#include "libtrack/interpose/export.h"
#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/careful_calls.h"
#include "libtrack/runtime/exit_holder.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/allocator_calls.h"
#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/operators.h"
#include "libtrack/wrap/young.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it
using leaktrack::capture::RunState;

namespace {

// A successful exec does not return, so all that is left of the run must be in its capture before
// it.
template <typename Real>
int Exec(const char* path, char* const environment[], Real real) {
  const NoteHandle note = BeforeExec(path, environment);
  const int result = real();
  const int saved_errno = errno;
  AfterFailedExec(note);
  errno = saved_errno;
  return result;
}

}  // namespace

LEAKTRACK_EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) {
  if (Missing(g_real.execve)) return -1;
  return Exec(path, environment, [=] { return g_real.execve(path, arguments, environment); });
}
LEAKTRACK_EXPORT int execv(const char* path, char* const arguments[]) {
  if (Missing(g_real.execv)) return -1;
  return Exec(path, environ, [=] { return g_real.execv(path, arguments); });
}
LEAKTRACK_EXPORT int execvp(const char* file, char* const arguments[]) {
  if (Missing(g_real.execvp)) return -1;
  return Exec(file, environ, [=] { return g_real.execvp(file, arguments); });
}
LEAKTRACK_EXPORT int execvpe(const char* file, char* const arguments[], char* const environment[]) {
  if (Missing(g_real.execvpe)) return -1;
  return Exec(file, environment, [=] { return g_real.execvpe(file, arguments, environment); });
}
LEAKTRACK_EXPORT int fexecve(int fd, char* const arguments[], char* const environment[]) {
  if (Missing(g_real.fexecve)) return -1;
  return Exec(nullptr, environment, [=] { return g_real.fexecve(fd, arguments, environment); });
}
LEAKTRACK_EXPORT int execveat(int fd, const char* path, char* const arguments[],
                              char* const environment[], int flags) {
  if (Missing(g_real.execveat)) return -1;
  return Exec(path, environment,
              [=] { return g_real.execveat(fd, path, arguments, environment, flags); });
}

// The arguments of a variadic exec as an array on the stack: `list` of `count` strings and a null.
// `rest` then stands behind the null, where execle has its environment.
#define LEAKTRACK_LIST_ARGUMENTS(first)                                                      \
  va_list rest;                                                                              \
  va_start(rest, first);                                                                     \
  size_t count = 0;                                                                          \
  for (const char* next = first; next != nullptr; next = va_arg(rest, const char*)) ++count; \
  va_end(rest);                                                                              \
  auto** list = static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*)));          \
  va_start(rest, first);                                                                     \
  list[0] = const_cast<char*>(first);                                                        \
  for (size_t i = 1; i <= count; ++i) list[i] = va_arg(rest, char*)

LEAKTRACK_EXPORT int execl(const char* path, const char* argument, ...) {
  LEAKTRACK_LIST_ARGUMENTS(argument);
  va_end(rest);
  return execv(path, list);
}
LEAKTRACK_EXPORT int execlp(const char* file, const char* argument, ...) {
  LEAKTRACK_LIST_ARGUMENTS(argument);
  va_end(rest);
  return execvp(file, list);
}
LEAKTRACK_EXPORT int execle(const char* path, const char* argument, ...) {
  LEAKTRACK_LIST_ARGUMENTS(argument);
  char** environment = va_arg(rest, char**);
  va_end(rest);
  return execve(path, list, environment);
}
#undef LEAKTRACK_LIST_ARGUMENTS

namespace {

// `real` by reference: the table may be filled only now.
[[noreturn]] void ExitNow(void (*const& real)(int), int status) {
  EndRun(RunState::kExited);
  if (real != nullptr) real(status);
  for (;;) raw::Call(SYS_exit_group, status);
}

}  // namespace

LEAKTRACK_EXPORT [[gnu::noreturn]] void _exit(int status) { ExitNow(g_real.exit_now, status); }
LEAKTRACK_EXPORT [[gnu::noreturn]] void _Exit(int status) { ExitNow(g_real.exit_now_c, status); }

LEAKTRACK_EXPORT [[gnu::noreturn]] void abort() {
  NoteCrash();
  const bool found = g_real.abort != nullptr || ResolveRealFunctions();
  if (found && g_real.abort != nullptr) g_real.abort();
  for (;;) raw::Call(SYS_tgkill, raw::Getpid(), raw::Gettid(), 6 /* SIGABRT */);
}

// What grows may be stacks alone: the C library maps them past our hooks.
LEAKTRACK_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                    void* (*run)(void*), void* argument) {
  if (Missing(g_real.pthread_create)) return ENOSYS;
  if (IsYoung()) BeBornForThread(LEAKTRACK_CALLER_STACK_START());
  return g_real.pthread_create(thread, attributes, run, argument);
}

LEAKTRACK_EXPORT [[gnu::noreturn]] void pthread_exit(void* result) {
  BeforeMainThreadEnds();
  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): what was resolved is there
  if (g_real.pthread_exit != nullptr || ResolveRealFunctions()) g_real.pthread_exit(result);
  __builtin_unreachable();
}

// C11's form of pthread_exit. It is looked up at the first use, because older C libraries do not
// have it.
LEAKTRACK_EXPORT [[gnu::noreturn]] void thrd_exit(int result) {
  BeforeMainThreadEnds();
  if (void* real = FindNextSymbol("thrd_exit"); real != nullptr)
    reinterpret_cast<void (*)(int)>(real)(result);
  pthread_exit(reinterpret_cast<void*>(static_cast<intptr_t>(result)));
}

// Cancelling the main thread ends it like pthread_exit, but from within the C library. To recognise
// it: a thread's CPU clock is derived from its id, and the main thread's id is the process's.
LEAKTRACK_EXPORT int pthread_cancel(pthread_t thread) {
  static constinit std::atomic<int (*)(pthread_t, clockid_t*)> clock_of{nullptr};
  static constinit std::atomic<int (*)(pthread_t)> real{nullptr};
  if (real.load() == nullptr) {
    clock_of.store(
        reinterpret_cast<int (*)(pthread_t, clockid_t*)>(FindNextSymbol("pthread_getcpuclockid")));
    real.store(reinterpret_cast<int (*)(pthread_t)>(FindNextSymbol("pthread_cancel")));
  }
  if (real.load() == nullptr) return ENOSYS;
  clockid_t clock;
  if (!raw::Forbidden() && clock_of.load() != nullptr && clock_of.load()(thread, &clock) == 0 &&
      ~(clock >> 3) == raw::Getpid()) {
    BeforeMainThreadIsCancelled();
  }
  return real.load()(thread);
}

LEAKTRACK_EXPORT int dlclose(void* handle) {
  if (Missing(g_real.dlclose)) return -1;
  BeginUnload();
  const int result = g_real.dlclose(handle);
  ForgetCallersOfOperators();
  EndUnload(g_filter.is_open() ? NowMs() : 0);
  return result;
}

LEAKTRACK_EXPORT int unshare(int flags) {
  if (Missing(g_real.unshare)) return -1;
  return CallAlone([=] { return g_real.unshare(flags); });
}
LEAKTRACK_EXPORT int setns(int fd, int type) {
  if (Missing(g_real.setns)) return -1;
  return CallAlone([=] { return g_real.setns(fd, type); });
}

// at_quick_exit is built on this function. Only glibc has it. Declared weak it is null elsewhere; a
// strong reference would keep the program from starting there.
extern "C" [[gnu::weak]] int __cxa_at_quick_exit(void (*handler)(void*), void* dso_handle);
extern "C" __attribute__((visibility("hidden"))) void* __dso_handle;

// A second copy of the library looks for this symbol (runtime/hook_coverage.cc).
LEAKTRACK_EXPORT constinit const char leaktrack_library_marker[] = "leaktrack";

namespace {

void OnQuickExit(void*) { EndRun(RunState::kExited); }

[[gnu::constructor(101)]] void Start() {
  StartLibrary(environ);
  WatchInnerCalls();
  RedirectAllocatorCalls();
  if (__cxa_at_quick_exit != nullptr) __cxa_at_quick_exit(OnQuickExit, __dso_handle);
}

[[gnu::destructor(101)]] void End() {
  if (!EndsWithHold()) EndRun(RunState::kExited);
}

}  // namespace
