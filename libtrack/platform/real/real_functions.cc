// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/real/real_functions.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/bootstrap.h"
#include "libtrack/platform/real/link_scope.h"

namespace leaktrack::track {

namespace {

void EarlyFree(void* block) {
  if (block == nullptr || IsBootstrapBlock(block)) return;
  if (ResolveRealFunctions()) g_real.free(block);
}

// The functions behind the guarded entries below.
struct Unguarded {
  void (*free)(void*);
  void* (*realloc)(void*, size_t);
  size_t (*malloc_usable_size)(void*);
};
constinit Unguarded g_unguarded{};

void GuardedFree(void* block) {
  if (!IsBootstrapBlock(block)) g_unguarded.free(block);
}

// Moves a bootstrap block to the real heap. The old block is abandoned.
void* GuardedRealloc(void* block, size_t size) {
  if (!IsBootstrapBlock(block)) return g_unguarded.realloc(block, size);
  void* moved = g_real.malloc(size);
  if (moved == nullptr) return nullptr;
  const size_t old_size = BootstrapSize(block);
  __builtin_memcpy(moved, block, old_size < size ? old_size : size);
  return moved;
}

size_t GuardedUsableSize(void* block) {
  return IsBootstrapBlock(block) ? BootstrapSize(block) : g_unguarded.malloc_usable_size(block);
}

// Replacements for functions that the C library lacks (musl has no pvalloc, older ones no
// execveat): a program that looks for such a name finds our hook.
void* PvallocOfMemalign(size_t size) {
  constexpr size_t kPage = 4096;
  if (g_real.memalign != nullptr && size <= SIZE_MAX - kPage)
    return g_real.memalign(kPage, (size + kPage - 1) & -kPage);
  errno = ENOMEM;
  return nullptr;
}

void* NoAlignedMemory(size_t, size_t) {
  errno = ENOMEM;
  return nullptr;
}

void* NoPages(size_t) { return NoAlignedMemory(0, 0); }

int NoPosixMemalign(void**, size_t, size_t) { return ENOMEM; }

size_t NoUsableSize(void*) { return 0; }

int ExecveatOfKernel(int fd, const char* path, char* const* arguments, char* const* environment,
                     int flags) {
  const long result = raw::Call(SYS_execveat, fd, raw::Ptr(path), raw::Ptr(arguments),
                                raw::Ptr(environment), flags);
  errno = static_cast<int>(-result);
  return -1;
}

template <typename Function>
void Default(Function& slot, Function stand_in) {
  if (slot == nullptr) slot = stand_in;
}

constexpr RealFunctions StartingTable() {
  RealFunctions table{};
  table.free = EarlyFree;
  return table;
}

}  // namespace

constinit RealFunctions g_real = StartingTable();
constinit std::atomic<bool> g_real_resolved{false};

namespace {

// Stores through an out-parameter and returns afterwards. With a tail call, dlsym would see the
// loader as its caller and crash (pitfall P1).
[[gnu::noinline]] void LookUpNext(const char* name, void** found) {
  *found = dlsym != nullptr ? dlsym(RTLD_NEXT, name) : FindSymbolInLinkMap(name);
  __asm__ volatile("" ::: "memory");
}

template <typename Function>
void Resolve(const char* name, Function& slot) {
  void* found = FindNextSymbol(name);
  slot = reinterpret_cast<Function>(found);
}

}  // namespace

void GuardBootstrapBlocks() {
  if (g_real.free == GuardedFree) return;
  g_unguarded = {g_real.free, g_real.realloc, g_real.malloc_usable_size};
  g_real.free = GuardedFree;
  g_real.realloc = GuardedRealloc;
  g_real.malloc_usable_size = GuardedUsableSize;
}

void FillGaps(RealFunctions& real) {
  Default(real.posix_memalign, NoPosixMemalign);
  Default(real.aligned_alloc, NoAlignedMemory);
  Default(real.memalign, NoAlignedMemory);
  Default(real.pvalloc, PvallocOfMemalign);
  Default(real.valloc, NoPages);
  Default(real.malloc_usable_size, NoUsableSize);
  Default(real.execveat, ExecveatOfKernel);
  Default(real.mmap64, real.mmap);
}

void* FindNextSymbol(const char* name) {
  void* found = nullptr;
  LookUpNext(name, &found);
  return IsOurs(found) ? nullptr : found;
}

namespace {

// True while dlsym runs on this thread. Allocations that it makes get memory of the bootstrap
// arena.
constinit __thread bool resolving __attribute__((tls_model("initial-exec"))) = false;

// Fills a copy: until it is complete, nested calls must still use the old table.
void LookUpAll(RealFunctions& real) {
  Resolve("malloc", real.malloc);
  Resolve("free", real.free);
  Resolve("calloc", real.calloc);
  Resolve("realloc", real.realloc);
  if (!IsOurs(FindFirstSymbol("realloc"))) Resolve("reallocarray", real.reallocarray);
  Resolve("posix_memalign", real.posix_memalign);
  Resolve("aligned_alloc", real.aligned_alloc);
  Resolve("memalign", real.memalign);
  Resolve("valloc", real.valloc);
  Resolve("pvalloc", real.pvalloc);
  Resolve("malloc_usable_size", real.malloc_usable_size);
  Resolve("mmap", real.mmap);
  Resolve("mmap64", real.mmap64);
  Resolve("munmap", real.munmap);
  Resolve("mremap", real.mremap);
  Resolve("mprotect", real.mprotect);
  Resolve("shmat", real.shmat);
  Resolve("shmdt", real.shmdt);
  Resolve("brk", real.brk);
  Resolve("sbrk", real.sbrk);
  Resolve("dlclose", real.dlclose);
  Resolve("_exit", real.exit_now);
  Resolve("_Exit", real.exit_now_c);
  Resolve("abort", real.abort);
  Resolve("pthread_create", real.pthread_create);
  Resolve("pthread_exit", real.pthread_exit);
  Resolve("execve", real.execve);
  Resolve("execveat", real.execveat);
  Resolve("fexecve", real.fexecve);
  Resolve("execv", real.execv);
  Resolve("execvp", real.execvp);
  Resolve("execvpe", real.execvpe);
  Resolve("unshare", real.unshare);
  Resolve("setns", real.setns);
  Resolve("clone", real.clone);
  Resolve("setuid", real.setuid);
  Resolve("setgid", real.setgid);
  Resolve("seteuid", real.seteuid);
  Resolve("setegid", real.setegid);
  Resolve("setreuid", real.setreuid);
  Resolve("setregid", real.setregid);
  Resolve("setresuid", real.setresuid);
  Resolve("setresgid", real.setresgid);
  Resolve("setgroups", real.setgroups);
  Resolve("initgroups", real.initgroups);
  Resolve("capset", real.capset);
  Resolve("prctl", real.prctl);
  Resolve("syscall", real.syscall);
}

}  // namespace

bool ResolveRealFunctionsNow() {
  if (g_real_resolved.load(std::memory_order_acquire)) return true;
  if (resolving) return false;
  resolving = true;
  NoteObjectsOfStart();
  RealFunctions real{};
  LookUpAll(real);
  resolving = false;
  if (real.malloc == nullptr || real.free == nullptr) return false;
  FillGaps(real);
  g_real = real;
  if (BootstrapWasUsed()) GuardBootstrapBlocks();
  g_real_resolved.store(true, std::memory_order_release);
  return true;
}

}  // namespace leaktrack::track
