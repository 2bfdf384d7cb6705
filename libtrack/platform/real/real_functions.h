// SPDX-License-Identifier: Apache-2.0
//
// The functions that our hooks wrap: the next definition after ours in the program's search order.
//
// Each name has a slot of its own, even where the C library has one function under two names: a
// library behind us may implement one by the other, through the names that the program finds. Why a
// table of plain pointers: a hook must reach the real function by one indirect jump. Why
// constant-initialised: the loader, other preloaded libraries and constructors allocate before we
// are initialised (pitfalls B1 to B8). `g_real_resolved` tells whether the pointers may be used.
//
// Thread-safety: ResolveRealFunctions may race with itself (all racers store the same values).
// Allocates: dlsym may; such calls get memory of the bootstrap arena (platform/real/bootstrap.h).
// Signals: using the table is safe, resolving is not.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_REAL_FUNCTIONS_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_REAL_FUNCTIONS_H_

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

struct RealFunctions {
  void* (*malloc)(size_t);
  void (*free)(void*);
  void* (*calloc)(size_t, size_t);
  void* (*realloc)(void*, size_t);
  void* (*reallocarray)(void*, size_t, size_t);  // null if the program's realloc is ours
  int (*posix_memalign)(void**, size_t, size_t);
  void* (*aligned_alloc)(size_t, size_t);
  void* (*memalign)(size_t, size_t);
  void* (*valloc)(size_t);
  void* (*pvalloc)(size_t);
  size_t (*malloc_usable_size)(void*);
  void* (*mmap)(void*, size_t, int, int, int, off_t);
  void* (*mmap64)(void*, size_t, int, int, int, off_t);
  int (*munmap)(void*, size_t);
  void* (*mremap)(void*, size_t, size_t, int, void*);
  int (*mprotect)(void*, size_t, int);
  void* (*shmat)(int, const void*, int);
  int (*shmdt)(const void*);
  int (*brk)(void*);
  void* (*sbrk)(intptr_t);
  int (*dlclose)(void*);
  void (*exit_now)(int);    // _exit
  void (*exit_now_c)(int);  // _Exit
  void (*abort)();
  int (*pthread_create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  void (*pthread_exit)(void*);
  int (*execve)(const char*, char* const*, char* const*);
  int (*execveat)(int, const char*, char* const*, char* const*, int);
  int (*fexecve)(int, char* const*, char* const*);
  int (*execv)(const char*, char* const*);
  int (*execvp)(const char*, char* const*);
  int (*execvpe)(const char*, char* const*, char* const*);
  int (*unshare)(int);
  int (*setns)(int, int);
  int (*clone)(int (*)(void*), void*, int, void*, void*, void*, void*);
  int (*setuid)(uid_t);
  int (*setgid)(gid_t);
  int (*seteuid)(uid_t);
  int (*setegid)(gid_t);
  int (*setreuid)(uid_t, uid_t);
  int (*setregid)(gid_t, gid_t);
  int (*setresuid)(uid_t, uid_t, uid_t);
  int (*setresgid)(gid_t, gid_t, gid_t);
  int (*setgroups)(size_t, const gid_t*);
  int (*initgroups)(const char*, gid_t);
  int (*capset)(void*, const void*);
  int (*prctl)(int, unsigned long, unsigned long, unsigned long, unsigned long);
  long (*syscall)(long, long, long, long, long, long, long);
};

// `free` may be called from the first instruction of the process on. Until the table is filled, it
// points to a function that fills it; everything else is null. Hidden by name: otherwise a
// reference from another file would go through the GOT, one instruction more in each hook
// (-fvisibility does not apply to declarations).
extern RealFunctions g_real __attribute__((visibility("hidden")));
extern std::atomic<bool> g_real_resolved __attribute__((visibility("hidden")));

// Fills the table if that has not been done. False while this thread is already filling it (its
// dlsym allocates), and if even malloc or free cannot be found. The hooks then use the bootstrap
// arena.
bool ResolveRealFunctionsNow();
inline bool ResolveRealFunctions() {
  return g_real_resolved.load(std::memory_order_acquire) || ResolveRealFunctionsNow();
}

// Makes the table's free, realloc and malloc_usable_size recognise bootstrap blocks. Called only if
// there are any, so that an ordinary free pays nothing for them.
void GuardBootstrapBlocks();

// Fills null entries of the table, for functions that the C library lacks, with stand-ins. They
// fail as a function of that kind may.
void FillGaps(RealFunctions& real);

// The definition of `name` that follows ours, nullptr if there is none. Never returns an address of
// ours.
void* FindNextSymbol(const char* name);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_REAL_FUNCTIONS_H_
