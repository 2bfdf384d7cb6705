// SPDX-License-Identifier: Apache-2.0
//
// Raw system calls: no errno, no cancellation point, no libc state. Results are the kernel's, so a
// negative result is -errno.
//
// Thread-safety: as the calls.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_RAW_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_RAW_H_

#include <sys/syscall.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace leaktrack::track::raw {

// The number of seccomp filters that the program has put itself under, or is about to. From the
// first one on a system call of ours may kill it (pitfalls P5, X8). Code inside a hook must ask
// this before any system call, and do without the call. It is a number because one thread may fail
// to install a filter while another succeeds.
extern std::atomic<uint32_t> forbidden __asm__("leaktrack_forbidden")
    __attribute__((visibility("hidden")));

// Tells whose memory the calling thread runs in. A vfork child uses its parent's memory, this
// variable included, until it execs or ends; its parent's thread stands still meanwhile. Our vfork
// maintains the variable (interpose/vfork.cc), so a child can be told from its parent without a
// system call. Where the kernel maintains it, a borrower's mark is the child's number, which is any
// value but the last.
enum Tenancy : uint32_t { kOwner = 0, kBorrower = 1, kFilteredBorrower = 0x8000'0000 };
extern __thread uint32_t tenancy __asm__("leaktrack_tenancy")
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
inline bool Borrowed() { return tenancy != kOwner; }

inline bool Forbidden() {
  return forbidden.load(std::memory_order_relaxed) != 0 || tenancy == kFilteredBorrower;
}

inline long Call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

inline long Ptr(const void* pointer) { return reinterpret_cast<long>(pointer); }
inline bool Failed(long result) { return result < 0 && result >= -4095; }

inline int OpenAt(int dir, const char* path, int flags, unsigned mode = 0) {
  return static_cast<int>(Call(SYS_openat, dir, Ptr(path), flags, mode));
}
inline int Close(int fd) { return static_cast<int>(Call(SYS_close, fd)); }
inline long Read(int fd, void* to, size_t bytes) {
  return Call(SYS_read, fd, Ptr(to), static_cast<long>(bytes));
}
inline long Write(int fd, const void* from, size_t bytes) {
  return Call(SYS_write, fd, Ptr(from), static_cast<long>(bytes));
}
inline long Pwrite(int fd, const void* from, size_t bytes, uint64_t at) {
  return Call(SYS_pwrite64, fd, Ptr(from), static_cast<long>(bytes), static_cast<long>(at));
}
inline void* Mmap(void* at, size_t bytes, int prot, int flags, int fd, uint64_t offset) {
  return reinterpret_cast<void*>(Call(SYS_mmap, Ptr(at), static_cast<long>(bytes), prot, flags, fd,
                                      static_cast<long>(offset)));
}
inline bool MmapFailed(const void* result) { return Failed(reinterpret_cast<long>(result)); }
inline int Munmap(void* at, size_t bytes) {
  return static_cast<int>(Call(SYS_munmap, Ptr(at), static_cast<long>(bytes)));
}
inline int Getpid() { return static_cast<int>(Call(SYS_getpid)); }
inline int Gettid() { return static_cast<int>(Call(SYS_gettid)); }

// True if one byte at `address` can be read. It makes the kernel copy from there, with other
// arguments that the kernel must refuse: EINVAL if readable, EFAULT if not. It never raises a
// signal.
inline bool Readable(const void* address) {
  if (address == nullptr) return false;  // for the kernel: no set given, so nothing to refuse
  if (Forbidden()) return false;         // not known, so do not touch it
  return Call(SYS_rt_sigprocmask, ~0L, Ptr(address), 0, 8) != -14 /* EFAULT */;
}

}  // namespace leaktrack::track::raw

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_RAW_H_
