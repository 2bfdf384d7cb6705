// SPDX-License-Identifier: Apache-2.0
// Part of b6_every_hook_before_our_constructor. Each name of libtrack/interpose/leaktrack.map must
// appear in a HOOK(name); tests/gates/check_early_hooks.sh checks it.
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>

extern "C" {
#include "early_hooks.h"
int capset(cap_user_header_t header, const cap_user_data_t data);
}

// Where nobody has them, they are null.
extern "C" {
[[gnu::weak]] void __lsan_disable();
[[gnu::weak]] void __lsan_enable();
[[gnu::weak]] void __lsan_ignore_object(const void* block);
[[gnu::weak]] void __lsan_register_root_region(const void* start, size_t bytes);
[[gnu::weak]] void __lsan_unregister_root_region(const void* start, size_t bytes);
[[gnu::weak]] void __lsan_do_leak_check();
[[gnu::weak]] int __lsan_do_recoverable_leak_check();
}

namespace {

char* const arguments[] = {const_cast<char*>("x"), nullptr};
char* const environment[] = {nullptr};
constexpr char kNowhere[] = "/nonexistent";
bool all_were_called = false;

#define FAILS(call, error) (errno = 0, (call) == -1 && errno == (error))

// Uses no function that we hook.
[[noreturn]] void ExitAtOnce(long status) {
  for (;;) __asm__ volatile("syscall" ::"a"(SYS_exit_group), "D"(status) : "rcx", "r11", "memory");
}

// Runs `end` in a child and returns how the child ends. `end` itself allocates nothing.
template <typename End>
int StatusOfChild(End end) {
  const pid_t child = fork();
  if (child == 0) {
    end();
    ExitAtOnce(77);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}
constexpr int Exited(int status) { return status << 8; }

bool UsableAndFreed(void* block) {
  const bool usable = block != nullptr && malloc_usable_size(Escape(block)) >= 40;
  free(block);
  return usable;
}
template <typename Delete>
bool Deleted(void* block, Delete take_back) {
  take_back(Escape(block));
  return block != nullptr;
}

bool Mapped(void* mapping) { return mapping != MAP_FAILED && munmap(mapping, 4096) == 0; }
bool Moved() {
  void* const mapping = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* const moved = mremap(mapping, 4096, 8192, MREMAP_MAYMOVE);
  return moved != MAP_FAILED && munmap(moved, 8192) == 0;
}
bool PosixAligned() {
  void* block = nullptr;
  return posix_memalign(&block, 64, 40) == 0 && UsableAndFreed(block);
}
bool CapabilitiesAsTheyAre() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  return syscall(SYS_capget, &header, data) == 0 && capset(&header, data) == 0;
}
bool GroupsAnswer() { return setgroups(0, nullptr) == 0 || errno == EPERM; }
bool InitGroupsAnswer() { return initgroups("root", getgid()) == 0 || errno == EPERM; }
bool CancelledLater() {
  int before;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  const auto cancel = [] { ExitAtOnce(pthread_cancel(pthread_self()) == 0 ? 5 : 6); };
  return StatusOfChild(cancel) == Exited(5);
}
// Before main only a thread can leave this way. Its exit is the only sign of it that the process
// still sees.
template <typename Leave>
bool ThreadLeaves(Leave leave) {
  pthread_t thread;
  void* result = nullptr;
  return pthread_create(&thread, nullptr, leave, nullptr) == 0 &&
         pthread_join(thread, &result) == 0 && result == arguments;
}
bool VforkReturnsTwice() {
  int status = 0;
  const pid_t child = vfork();
  if (child == 0) _exit(9);
  return child > 0 && waitpid(child, &status, 0) == child && status == Exited(9);
}
constexpr auto kAligned = std::align_val_t{64};
#define TAKEN_BACK(made, take_back) Deleted(made, [](void* p) { take_back; })

bool CloneReturnsOnce() {
  alignas(16) static char stack[16 * 1024];
  int status = 0;
  const auto child_main = [](void*) -> int { ExitAtOnce(8); };
  const pid_t child =
      clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
  return child > 0 && waitpid(child, &status, 0) == child && status == Exited(8);
}
bool ThrdExits() {
  thrd_t thread;
  int result = 0;
  return thrd_create(
             &thread, [](void*) -> int { thrd_exit(11); }, nullptr) == thrd_success &&
         thrd_join(thread, &result) == thrd_success && result == 11;
}

#define CALLED(function, ...) ((function) == nullptr || ((void)function(__VA_ARGS__), true))

struct Hook {
  const char* name;
  bool loads;  // a library, by dlopen; libc's own constructor then runs without an environment
  bool (*right)();
};
// clang-format off
#define HOOK(name) {#name, false, [] { return
#define HOOK_LOADING(name) {#name, true, [] { return
#define END ; }},
const Hook hooks[] = {
    HOOK(prctl) prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) >= 0 END
    HOOK(unshare) unshare(0) == 0 END
    HOOK(setns) FAILS(setns(-1, 0), EBADF) END
    HOOK(syscall) syscall(SYS_getpid) == getpid() && FAILS(syscall(SYS_close, -1), EBADF) END
    HOOK(setuid) setuid(getuid()) == 0 END
    HOOK(setgid) setgid(getgid()) == 0 END
    HOOK(seteuid) seteuid(geteuid()) == 0 END
    HOOK(setegid) setegid(getegid()) == 0 END
    HOOK(setreuid) setreuid(-1, -1) == 0 END
    HOOK(setregid) setregid(-1, -1) == 0 END
    HOOK(setresuid) setresuid(-1, -1, -1) == 0 END
    HOOK(setresgid) setresgid(-1, -1, -1) == 0 END
    HOOK(setgroups) GroupsAnswer() END
    HOOK(capset) CapabilitiesAsTheyAre() END
    HOOK(execve) FAILS(execve(kNowhere, arguments, environment), ENOENT) END
    HOOK(execl) FAILS(execl(kNowhere, "x", nullptr), ENOENT) END
    HOOK(execlp) FAILS(execlp(kNowhere, "x", nullptr), ENOENT) END
    HOOK(execle) FAILS(execle(kNowhere, "x", nullptr, environment), ENOENT) END
    HOOK(execv) FAILS(execv(kNowhere, arguments), ENOENT) END
    HOOK(execvp) FAILS(execvp(kNowhere, arguments), ENOENT) END
    HOOK(execvpe) FAILS(execvpe(kNowhere, arguments, environment), ENOENT) END
    HOOK(fexecve) FAILS(fexecve(-1, arguments, environment), EINVAL) END
    HOOK(execveat) FAILS(execveat(-1, "x", arguments, environment, 0), EBADF) END
    HOOK(vfork) VforkReturnsTwice() END
    HOOK(clone) CloneReturnsOnce() END
    HOOK(_exit) StatusOfChild([] { _exit(3); }) == Exited(3) END
    HOOK(_Exit) StatusOfChild([] { _Exit(4); }) == Exited(4) END
    HOOK(abort) (StatusOfChild(abort) & 0x7f) == SIGABRT END
    HOOK_LOADING(pthread_create) ThreadLeaves(
        [](void*) -> void* { return const_cast<char**>(arguments); }) END
    HOOK_LOADING(pthread_exit)
        ThreadLeaves([](void*) -> void* { pthread_exit(const_cast<char**>(arguments)); }) END
    HOOK_LOADING(thrd_exit) ThrdExits() END
    HOOK_LOADING(pthread_cancel) CancelledLater() END
    HOOK(dlclose) dlclose(dlopen(nullptr, RTLD_LAZY)) == 0 END
    HOOK(mmap) Mapped(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) END
    HOOK(mmap64) Mapped(mmap64(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) END
    HOOK(munmap) FAILS(munmap(reinterpret_cast<void*>(1), 4096), EINVAL) END
    HOOK(mremap) Moved() END
    HOOK(mprotect) FAILS(mprotect(reinterpret_cast<void*>(1), 4096, PROT_READ), EINVAL) END
    HOOK(pkey_mprotect)
        FAILS(pkey_mprotect(reinterpret_cast<void*>(1), 4096, PROT_READ, -1), EINVAL) END
    HOOK(mlockall) FAILS(mlockall(0), EINVAL) END
    HOOK(shmat) FAILS(reinterpret_cast<intptr_t>(shmat(-1, nullptr, 0)), EINVAL) END
    HOOK(shmdt) FAILS(shmdt(reinterpret_cast<void*>(1)), EINVAL) END
    HOOK(brk) brk(sbrk(0)) == 0 END
    HOOK(sbrk) sbrk(0) != reinterpret_cast<void*>(-1) END
    HOOK(malloc_usable_size) malloc_usable_size(nullptr) == 0 END
    HOOK(free) (free(nullptr), true) END
    HOOK(malloc) UsableAndFreed(malloc(40)) END
    HOOK(calloc) UsableAndFreed(calloc(4, 10)) END
    HOOK(realloc) UsableAndFreed(realloc(nullptr, 40)) END
    HOOK(reallocarray) UsableAndFreed(reallocarray(nullptr, 4, 10)) END
    HOOK(posix_memalign) PosixAligned() END
    HOOK(aligned_alloc) UsableAndFreed(aligned_alloc(64, 64)) END
    HOOK(memalign) UsableAndFreed(memalign(64, 40)) END
    HOOK(valloc) UsableAndFreed(valloc(40)) END
    HOOK(pvalloc) UsableAndFreed(pvalloc(40)) END
    HOOK(_Znwm)
        TAKEN_BACK(::operator new(40),
                   ::operator delete(p)) END
    HOOK(_Znam)
        TAKEN_BACK(::operator new[](40),
                   ::operator delete[](p)) END
    HOOK(_ZnwmRKSt9nothrow_t)
        TAKEN_BACK(::operator new(40, std::nothrow),
                   ::operator delete(p, std::nothrow)) END
    HOOK(_ZnamRKSt9nothrow_t)
        TAKEN_BACK(::operator new[](40, std::nothrow),
                   ::operator delete[](p, std::nothrow)) END
    HOOK(_ZnwmSt11align_val_t)
        TAKEN_BACK(::operator new(40, kAligned),
                   ::operator delete(p, kAligned)) END
    HOOK(_ZnamSt11align_val_t)
        TAKEN_BACK(::operator new[](40, kAligned),
                   ::operator delete[](p, kAligned)) END
    HOOK(_ZnwmSt11align_val_tRKSt9nothrow_t)
        TAKEN_BACK(::operator new(40, kAligned, std::nothrow),
                   ::operator delete(p, kAligned, std::nothrow)) END
    HOOK(_ZnamSt11align_val_tRKSt9nothrow_t)
        TAKEN_BACK(::operator new[](40, kAligned, std::nothrow),
                   ::operator delete[](p, kAligned, std::nothrow)) END
    HOOK(_ZdlPvm)
        TAKEN_BACK(::operator new(40),
                   ::operator delete(p, 40)) END
    HOOK(_ZdaPvm)
        TAKEN_BACK(::operator new[](40),
                   ::operator delete[](p, 40)) END
    HOOK(_ZdlPvmSt11align_val_t)
        TAKEN_BACK(::operator new(40, kAligned),
                   ::operator delete(p, 40, kAligned)) END
    HOOK(_ZdaPvmSt11align_val_t)
        TAKEN_BACK(::operator new[](40, kAligned),
                   ::operator delete[](p, 40, kAligned)) END
    HOOK(__lsan_disable) CALLED(__lsan_disable) END
    HOOK(__lsan_enable) CALLED(__lsan_enable) END
    HOOK(__lsan_ignore_object) CALLED(__lsan_ignore_object, nullptr) END
    HOOK(__lsan_register_root_region) CALLED(__lsan_register_root_region, kNowhere, 1) END
    HOOK(__lsan_unregister_root_region) CALLED(__lsan_unregister_root_region, kNowhere, 1) END
    HOOK(__lsan_do_leak_check) CALLED(__lsan_do_leak_check) END
    HOOK(__lsan_do_recoverable_leak_check) CALLED(__lsan_do_recoverable_leak_check) END
    HOOK_LOADING(initgroups) InitGroupsAnswer() END
};
#undef HOOK
#undef CALLED
#undef TAKEN_BACK
#undef HOOK_LOADING
#undef END
// clang-format on

}  // namespace

static void Refuse(const char* name) {
  (void)!write(2, name, strlen(name));
  Fail(": not what the real function says");
}

// Each call is made first in a child; then all are made one after the other.
extern "C" void CallEveryHook(void) {
  for (const Hook& hook : hooks) {
    if (StatusOfChild([&] { ExitAtOnce(hook.right() ? 0 : 1); }) != 0) Refuse(hook.name);
  }
  for (const Hook& hook : hooks) {
    if (!hook.loads && !hook.right()) Refuse(hook.name);
  }
  all_were_called = true;
}

extern "C" int EveryHookWasCalled(void) { return all_were_called; }

// glibc passes the program's arguments to constructors.
__attribute__((constructor)) static void InAConstructor(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "in_a_constructor") == 0) CallEveryHook();
}
